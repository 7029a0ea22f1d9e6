// The stream of changed deliveries. One tab of the browser reads the stream for all of them: browsers open six connections per host.
import { useEffect, useRef, useState } from './preact.js';
import { currentUser, openStream } from './api.js';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** The server sends something every 5 s. */
const SILENCE = 40_000;

/** Calls `onData` with the data of each event until the stream ends. EventSource cannot send a credential, so fetch does. */
async function read(body, onData, controller) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  let silence = setTimeout(() => controller.abort(), SILENCE);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      clearTimeout(silence);
      silence = setTimeout(() => controller.abort(), SILENCE);
      const events = (buffer + value.replaceAll('\r', '')).split('\n\n');
      buffer = events.pop();
      for (const event of events) {
        const data = event.split('\n').filter(line => line.startsWith('data:')).map(line => line.slice(5).trim()).join('\n');
        if (data) {
          onData(JSON.parse(data));
        }
      }
    }
  } finally {
    clearTimeout(silence);
  }
}

/**
 * Reads the stream until `signal` is aborted. Reconnects after a failure, with longer and longer pauses.
 *
 * @param publish receives {state} or {delivery}
 */
async function readOn(signal, publish) {
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const cancel = () => attempt.abort();
    signal.addEventListener('abort', cancel);
    publish({ state: 'connecting' });
    try {
      const body = await openStream('api/deliveries/stream', {}, attempt.signal);
      publish({ state: 'live' });
      pause = FIRST_PAUSE;
      await read(body, delivery => publish({ delivery }), attempt);
    } catch {
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
    signal.removeEventListener('abort', cancel);
    if (!signal.aborted) {
      publish({ state: 'connecting' });
      await elapsed(pause, signal);
    }
  }
}

/** Resolves after the given milliseconds, or when `signal` is aborted. */
function elapsed(millis, signal) {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, millis);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const subscribers = new Set();
/** The state of the stream, `off`, `connecting` or `live`, whichever tab reads it. */
let state = 'off';
/** Stops this tab from taking part; null while it does not. */
let part = null;

function hear({ state: next, delivery }) {
  if (next && next !== state) {
    state = next;
    subscribers.forEach(subscriber => subscriber.onState(state));
  }
  if (delivery) {
    subscribers.forEach(subscriber => subscriber.onDelivery(delivery));
  }
}

/** A tab takes part while it is visible and shows something live. */
function takePart() {
  const wanted = subscribers.size > 0 && document.visibilityState === 'visible';
  if (wanted && !part) {
    part = join();
  } else if (!wanted && part) {
    part.abort();
    part = null;
    hear({ state: 'off' });
  }
}

/**
 * Listens to the tab that reads the stream, and waits to take over from it. Web Locks choose that tab: the lock passes on when
 * its holder closes, is hidden or crashes. Browsers without locks (plain http) read one stream for each visible tab.
 */
function join() {
  const end = new AbortController();
  const { signal } = end;
  // tabs of another version of the dashboard, or of another user, use another name
  const name = `keyhook-deliveries ${currentUser()} ${import.meta.url}`;
  const channel = new BroadcastChannel(name);
  let published = null;
  const publish = message => {
    if (!signal.aborted) {
      published = message.state ?? published;
      channel.postMessage(message);
      hear(message);
    }
  };
  channel.onmessage = ({ data }) => {
    if (!data.asks) {
      hear(data);
    } else if (published) {
      channel.postMessage({ state: published });
    }
  };
  signal.addEventListener('abort', () => channel.close());
  hear({ state: 'connecting' });
  channel.postMessage({ asks: true });
  if (navigator.locks) {
    navigator.locks.request(name, { signal }, () => readOn(signal, publish)).catch(e => {
      if (!signal.aborted) {
        throw e;
      }
    });
  } else {
    readOn(signal, publish);
  }
  return end;
}

document.addEventListener('visibilitychange', takePart);

/**
 * Streams the account's changed deliveries while `active` and while the tab is visible.
 *
 * @param onLive called whenever the stream begins: changes before that are not in it
 * @returns {'off'|'connecting'|'live'} its state
 */
export function useDeliveryStream(active, onDelivery, onLive) {
  const [shown, setShown] = useState(active ? state : 'off');
  const listener = useRef();
  listener.current = { onDelivery, onLive };
  useEffect(() => {
    if (!active) {
      setShown('off');
      return undefined;
    }
    const onState = next => {
      setShown(next);
      if (next === 'live') {
        listener.current.onLive();
      }
    };
    const subscriber = { onState, onDelivery: delivery => listener.current.onDelivery(delivery) };
    subscribers.add(subscriber);
    takePart();
    setShown(state);
    return () => {
      subscribers.delete(subscriber);
      takePart();
    };
  }, [active]);
  return shown;
}
