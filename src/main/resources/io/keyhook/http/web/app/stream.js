// Server-sent events, read with fetch because EventSource cannot send a credential.
import { useEffect, useRef, useState } from './preact.js';
import { openStream } from './api.js';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** The server says something every 15 s. */
const SILENCE = 40_000;

/** Calls `onData` with the data of each event until the stream ends. */
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
 * Deliveries as they change, while `active`. Opens again, more and more slowly, where it cannot.
 *
 * @param onLive called whenever it begins to tell: what changed before that is not told
 * @returns {'off'|'connecting'|'live'} how it stands
 */
export function useDeliveryStream(active, query, onDelivery, onLive) {
  const [state, setState] = useState('off');
  const listener = useRef();
  listener.current = { onDelivery, onLive };
  useEffect(() => {
    if (!active) {
      setState('off');
      return undefined;
    }
    let controller = new AbortController();
    let timer = null;
    let pause = FIRST_PAUSE;
    let ended = false;
    const run = async () => {
      setState('connecting');
      controller = new AbortController();
      try {
        const body = await openStream('api/deliveries/stream', query, controller.signal);
        setState('live');
        listener.current.onLive();
        pause = FIRST_PAUSE;
        await read(body, data => listener.current.onDelivery(data), controller);
      } catch {
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
      if (!ended) {
        setState('connecting');
        timer = setTimeout(run, pause);
      }
    };
    run();
    return () => {
      ended = true;
      clearTimeout(timer);
      controller.abort();
    };
  }, [active, JSON.stringify(query)]);
  return state;
}
