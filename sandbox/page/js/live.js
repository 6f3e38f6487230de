// News from the sandbox: one event stream, and asking every two seconds while the stream is down.

const ASK_EVERY = 2000;

export function listen({ onEvent, onCatchUp, onLine }) {
  let timer = null;
  let opened = false;

  const ask = async () => {
    timer = setTimeout(ask, ASK_EVERY);
    if (document.visibilityState === "hidden") return;
    try {
      await onCatchUp();
      onLine(true);
    } catch {
      onLine(false);
    }
  };

  const stream = new EventSource("/api/stream");
  stream.onopen = () => {
    clearTimeout(timer);
    timer = null;
    onLine(true);
    // Whatever was said while the stream was down is fetched; the first opening has nothing to catch up.
    if (opened) onCatchUp().catch(() => {});
    opened = true;
  };
  stream.onmessage = (message) => {
    try { onEvent(JSON.parse(message.data)); } catch (error) { console.warn("Unreadable event", error); }
  };
  stream.onerror = () => {
    onLine(false);
    if (!timer) timer = setTimeout(ask, ASK_EVERY);
    // A refused stream is closed for good by the browser; the page keeps asking and tries again later.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => restart(), 5000);
  };
  const restart = () => {
    clearTimeout(timer);
    listen({ onEvent, onCatchUp, onLine });
    onCatchUp().catch(() => {});
  };
}
