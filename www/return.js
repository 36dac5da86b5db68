/**
 * The return page: hands the proxy's one-time claim to the page that started the flow, on this origin
 * only (threat model, section 2, step 4). Owns reading, clearing and handing over the fragment.
 *
 * A forged fragment does no harm: it names no flow that anybody listens for, and leaves this origin in
 * no message (EM-10).
 */

const GIVE_UP_MS = 10_000;
const RESEND_MS = 500;

// The policy of this page allows no stylesheet, inline or linked; one made here it does not concern.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :root { color-scheme: light dark; }
  body {
    margin: 0; min-height: 100vh; display: grid; place-items: center;
    background: #f5f4f1; color: #1b2322; font: 16px/1.5 system-ui, sans-serif;
  }
  main {
    box-sizing: border-box; width: min(100% - 32px, 26rem); padding: 32px; border-radius: 12px;
    background: #fff; border: 1px solid #dfddd6; text-align: center;
    box-shadow: 0 2px 6px rgb(20 28 27 / 8%), 0 12px 32px rgb(20 28 27 / 14%);
  }
  h1 { margin: 0 0 8px; font-size: 20px; line-height: 1.3; }
  p { margin: 0; color: #56635f; text-wrap: balance; }
  @media (prefers-color-scheme: dark) {
    body { background: #101514; color: #e9eeed; }
    main { background: #171e1d; border-color: #2c3836; box-shadow: none; }
    p { color: #a3b1ae; }
  }
`);
document.adoptedStyleSheets = [sheet];

/** The message that a fragment stands for; nothing, if it is not exactly of the proxy's form. */
function read(fragment) {
  const match = /^#flow=([A-Za-z0-9_-]{1,64})&(?:claim=([A-Za-z0-9_-]{43})|error=([a-z][a-z_]{0,63}))$/.exec(
    fragment,
  );
  if (!match) return undefined;
  const [, flow, claim, error] = match;
  return claim
    ? { v: 1, type: "portico.claim", flow, claim }
    : { v: 1, type: "portico.failed", flow, error };
}

function say(title, text) {
  document.title = title;
  document.getElementById("title").textContent = title;
  document.getElementById("message").textContent = text;
}

function handOver(message) {
  const here = window.location.origin;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(`portico.${message.flow}`) : undefined;
  const started = performance.now();
  const send = () => {
    channel?.postMessage(message);
    // Another origin in that window gets nothing: the browser compares before it delivers.
    window.opener?.postMessage(message, here);
  };
  const isAck = (data) => data?.v === 1 && data.type === "portico.ack" && data.flow === message.flow;

  const over = (heard) => {
    clearInterval(resend);
    channel?.close();
    window.removeEventListener("message", onMessage);
    if (!heard) {
      say(
        "Portico did not hear from this window",
        "Close it, go back to the Portico tab and start again. Nothing was connected.",
      );
    } else if (message.claim) {
      say("Almost done", "You can close this window and go back to Portico.");
      window.close();
    } else {
      say("Nothing was connected", "You can close this window; Portico tells you more.");
      window.close();
    }
  };
  const onMessage = (event) => {
    if (event.origin === here && event.source === window.opener && isAck(event.data)) over(true);
  };
  window.addEventListener("message", onMessage);
  channel?.addEventListener("message", (event) => isAck(event.data) && over(true));
  const resend = setInterval(() => {
    if (performance.now() - started >= GIVE_UP_MS) over(false);
    else send();
  }, RESEND_MS);
  say("Going back to Portico", "One moment: this window closes by itself.");
  send();
}

const message = read(window.location.hash);
// Whatever it was, it stays in no history and no bookmark (UI-4).
window.history.replaceState(null, "", window.location.pathname + window.location.search);
if (message) {
  handOver(message);
} else {
  say("Nothing to do here", "You can close this window and go back to Portico.");
}
