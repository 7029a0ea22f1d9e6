package io.keyhook.fair;

import java.util.AbstractMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A waiting room whose tenants take turns, so that a tenant that floods it waits behind its own items and not before those
 * of others (round robin over flows: Nagle, RFC 970, 1985). A tenant has a {@linkplain FairShare fair share} of the places.
 * Every operation takes constant time, unless it chooses among tenants: that takes time for each of them. Not thread-safe.
 *
 * @param <K> a tenant; null is a tenant too
 * @param <T> what waits
 */
public final class Turns<K, T> {
  private final int places;
  /** In the order of their turns. None is empty. */
  private final Map<K, ArrayDeque<T>> queues = new LinkedHashMap<>();
  private int size;

  /**
   * @param places how many items may wait
   */
  public Turns(int places) {
    this.places = places;
  }

  /** Adds an item behind those of its tenant, or returns false if it exceeds the tenant's share. */
  public boolean add(K tenant, T item) {
    ArrayDeque<T> queue = queues.get(tenant);
    if (!FairShare.allows(queue == null ? 0 : queue.size(), size, places)) {
      return false;
    }
    if (queue == null) {
      queue = new ArrayDeque<>();
      queues.put(tenant, queue);
    }
    queue.add(item);
    size++;
    return true;
  }

  /** Takes the next item; null: none waits. */
  public T poll() {
    return poll(tenant -> true);
  }

  /** Takes the next item of an admitted tenant; null: none. Tenants that are not admitted keep their turn. */
  public T poll(Predicate<K> admitted) {
    for (Iterator<Map.Entry<K, ArrayDeque<T>>> turns = queues.entrySet().iterator(); turns.hasNext(); ) {
      Map.Entry<K, ArrayDeque<T>> turn = turns.next();
      K tenant = turn.getKey();
      if (admitted.test(tenant)) {
        ArrayDeque<T> queue = turn.getValue();
        turns.remove();
        T item = queue.poll();
        if (!queue.isEmpty()) {
          queues.put(tenant, queue); // behind the others
        }
        size--;
        return item;
      }
    }
    return null;
  }

  /**
   * Takes items of tenants of one group, in turns: of that of the tenant whose turn it is. Other tenants keep theirs.
   *
   * @param max how many to take, 1 or more
   * @param group of a tenant; equal for tenants of one group, and null is one too
   */
  public List<T> poll(int max, Function<? super K, ?> group) {
    Deque<Map.Entry<K, ArrayDeque<T>>> members = new ArrayDeque<>();
    Object next = queues.isEmpty() ? null : group.apply(queues.keySet().iterator().next());
    for (Iterator<Map.Entry<K, ArrayDeque<T>>> turns = queues.entrySet().iterator();
        members.size() < max && turns.hasNext(); ) {
      Map.Entry<K, ArrayDeque<T>> turn = turns.next();
      if (Objects.equals(group.apply(turn.getKey()), next)) {
        turns.remove();
        members.add(new AbstractMap.SimpleEntry<>(turn));
      }
    }
    List<T> taken = new ArrayList<>(Math.min(max, size));
    while (taken.size() < max && !members.isEmpty()) {
      Map.Entry<K, ArrayDeque<T>> member = members.poll();
      taken.add(member.getValue().poll());
      if (!member.getValue().isEmpty()) {
        members.add(member);
      }
    }
    members.forEach(member -> queues.put(member.getKey(), member.getValue())); // behind the others
    size -= taken.size();
    return taken;
  }

  /** Takes an item out of turn, or returns false if it no longer waits. Constant time for a tenant's oldest. */
  boolean remove(K tenant, T item) {
    ArrayDeque<T> queue = queues.get(tenant);
    if (queue == null || !queue.remove(item)) {
      return false;
    }
    if (queue.isEmpty()) {
      queues.remove(tenant);
    }
    size--;
    return true;
  }

  /** Whether an item of the tenant waits. */
  public boolean isWaiting(K tenant) {
    return queues.containsKey(tenant);
  }

  /** How many items wait. */
  public int size() {
    return size;
  }
}
