/**
 * `<portico-connections>`: HubSpot connections and what each portal is configured with.
 *
 * Attributes, the `getSession` property and the events are in portico-connections.d.ts. This file owns
 * the element's life on the page; all else is in the WebAssembly it loads.
 */

const MOUNTED_BY = ["proxy-url", "return-uri", "session", "layout", "routing"];

/** How long `session="host"` waits for `getSession` before it says that it is missing. */
const SESSION_WAIT_MS = 10_000;

/** For the words below only: the widget's own styles come with what could not be loaded. */
const PLAIN = `
  :host { display: block; }
  div {
    box-sizing: border-box; max-width: 34rem; margin: 0 auto; padding: 48px 24px;
    color: light-dark(#1b2322, #e9eeed); font: 16px/1.5 system-ui, sans-serif;
  }
  p { margin: 0 0 16px; }
  button {
    min-height: 40px; padding: 0 20px; border: 1px solid currentcolor; border-radius: 8px;
    background: transparent; color: inherit; font: inherit; font-weight: 600; cursor: pointer;
  }
`;

/** What is said when nothing can be shown; the cause itself is for the page's own log. */
const WORDS = {
  unavailable: "Portico could not be loaded. Check the network, then try again; if it stays, reload the page.",
  invalid_options: "Portico is not set up right on this page. Whoever runs the page finds the cause in its console.",
  session_required: "Portico waits for this page to sign you in. If nothing happens, reload the page.",
};

let loading;
let attempts = 0;

/** The module, once per page; loaded anew after a failure. */
function load() {
  loading ??= start().catch((cause) => {
    loading = undefined;
    throw cause;
  });
  return loading;
}

async function start() {
  const glue = new URL("__PORTICO_JS__", import.meta.url);
  // A browser may remember that a module did not load; under another fragment it is asked for again.
  if (attempts > 0) glue.hash = `again-${attempts}`;
  attempts += 1;
  const wasm = fetch(new URL("__PORTICO_WASM__", import.meta.url), {
    integrity: "__PORTICO_WASM_INTEGRITY__",
  });
  wasm.catch(() => {}); // Reported below; not a second time as unhandled.
  const { default: init, Widget, styles } = await import(glue.href);
  await init({ module_or_path: wasm });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles());
  return { Widget, sheet };
}

export class PorticoConnections extends HTMLElement {
  static observedAttributes = MOUNTED_BY;

  #widget;
  #getSession;
  #turn = 0;
  #queued = false;
  #waiting;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  /** A function that resolves to a session token; see portico-connections.d.ts. */
  get getSession() {
    return this.#getSession;
  }

  set getSession(ask) {
    if (ask !== undefined && ask !== null && typeof ask !== "function") {
      throw new TypeError("getSession must be a function");
    }
    this.#getSession = ask ?? undefined;
    // A mounted widget asks through the element, so a new function needs no new widget.
    if (ask && !this.#widget) this.#update();
  }

  connectedCallback() {
    // Set before this class was defined: a plain property hides the one above.
    if (Object.hasOwn(this, "getSession")) {
      const ask = this.getSession;
      delete this.getSession;
      this.getSession = ask;
    }
    this.#update();
  }

  disconnectedCallback() {
    this.#update();
  }

  /** Moved in one piece (`moveBefore`): nothing changes. */
  connectedMoveCallback() {}

  attributeChangedCallback(_name, before, after) {
    if (before === after || !this.isConnected) return;
    this.#unmount();
    this.#update();
  }

  /** Once for all that happens in one go: a move is a removal and an insertion. */
  #update() {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      if (!this.isConnected) this.#unmount();
      else if (!this.#widget) this.#mount();
    });
  }

  async #mount() {
    const turn = ++this.#turn;
    const current = () => turn === this.#turn && this.isConnected && !this.#widget;
    this.#forgetWait();
    const session = this.getAttribute("session") ?? "host";
    let code = "unavailable";
    try {
      const { Widget, sheet } = await load();
      if (!current()) return; // Removed, or mounted again, while loading.
      if (session === "host" && !this.#getSession) {
        this.#waiting = setTimeout(
          () => current() && this.#fail(new Error("The page has not set getSession."), "session_required"),
          SESSION_WAIT_MS,
        );
        return;
      }
      code = "invalid_options";
      const host = document.createElement("div");
      host.part = "root";
      this.shadowRoot.adoptedStyleSheets = [sheet];
      this.shadowRoot.replaceChildren(host);
      this.#widget = Widget.mount(
        host,
        {
          proxyUrl: new URL(this.getAttribute("proxy-url") ?? ".", document.baseURI).href,
          returnUri: this.#absolute("return-uri"),
          session,
          layout: this.getAttribute("layout") ?? undefined,
          routing: this.getAttribute("routing") ?? undefined,
        },
        () => this.#getSession?.(),
        (name, detail) => this.#tell(name, detail),
      );
    } catch (cause) {
      if (current()) this.#fail(cause, code);
    }
  }

  #unmount() {
    this.#turn += 1;
    this.#forgetWait();
    const widget = this.#widget;
    this.#widget = undefined;
    widget?.unmount(); // Without this, each removal leaks a widget.
    this.shadowRoot.replaceChildren();
    this.shadowRoot.adoptedStyleSheets = [];
  }

  #forgetWait() {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }

  #absolute(name) {
    const value = this.getAttribute(name);
    return value === null ? undefined : new URL(value, document.baseURI).href;
  }

  /** Says in plain words that nothing can be shown, and offers to try again. */
  #fail(cause, code) {
    const message = document.createElement("p");
    message.setAttribute("role", "alert");
    message.part = "error";
    message.textContent = WORDS[code];
    const again = document.createElement("button");
    again.type = "button";
    again.part = "retry";
    again.textContent = "Try again";
    again.addEventListener("click", () => {
      this.shadowRoot.replaceChildren();
      this.#update();
    });
    const box = document.createElement("div");
    box.append(message, again);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(PLAIN);
    this.shadowRoot.adoptedStyleSheets = [sheet];
    this.shadowRoot.replaceChildren(box);
    const reason = String(cause?.message ?? cause);
    console.error(`portico-connections: ${reason}`);
    this.#tell("portico-error", { code, message: reason });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

// Two copies of this file on one page, or one loaded twice: the first stays.
if (!customElements.get("portico-connections")) {
  customElements.define("portico-connections", PorticoConnections);
}
