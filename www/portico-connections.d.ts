/** A bearer session of the partner's own backend, bound to this page's origin; at most 600 s long. */
export interface PorticoSession {
  token: string;
  /** Seconds since 1970; by default the token's own `exp`. */
  expiresAt?: number;
}

/** Called when a session is needed; must settle within 10 seconds. */
export type GetSession = () => PorticoSession | string | Promise<PorticoSession | string>;

/** Ids and status words; never a secret. */
export interface PorticoConnectionDetail {
  connectionId: string;
  portalId: number;
  /** As on screen, e.g. `Connected` or `Needs reconnection`. */
  status: string;
}

export interface PorticoErrorDetail {
  /** Stable; the words are not. */
  code: string;
  message: string;
}

/** Which help entry, and whether it helped. */
export interface PorticoHelpFeedbackDetail {
  /** The entry's address behind `#/help/`, e.g. `error-auth-scope-denied`; stable. */
  anchor: string;
  helpful: boolean;
}

export interface PorticoConnectionsEventMap {
  /** Signed in, connections on screen. */
  "portico-ready": CustomEvent<Record<string, never>>;
  "portico-connection-added": CustomEvent<PorticoConnectionDetail>;
  "portico-connection-changed": CustomEvent<PorticoConnectionDetail>;
  "portico-connection-removed": CustomEvent<{ connectionId: string }>;
  /** An authorization came to nothing: denied, timed out, wrong portal … */
  "portico-flow-failed": CustomEvent<PorticoErrorDetail>;
  /** Somebody answered "Was this helpful?"; each change of the answer tells again. It is kept in the browser alone. */
  "portico-help-feedback": CustomEvent<PorticoHelpFeedbackDetail>;
  /** The widget cannot work: not loaded, no session, no proxy. */
  "portico-error": CustomEvent<PorticoErrorDetail>;
}

/**
 * `<portico-connections>`.
 *
 * Attributes:
 * - `proxy-url`: the proxy's base URL; https, or http on this machine. By default the page's own folder.
 * - `return-uri`: the return page on this page's origin, as registered at the proxy. By default the
 *   first registered one of this origin.
 * - `session`: `host` (default; set `getSession`) or `solo` (the proxy's own launch links).
 * - `layout`: `embedded` (default) or `page`.
 * - `routing`: `memory` (default when embedded) or `hash` (default for a page): where views have addresses.
 * - `theme`: `light`, `dark`, or absent to follow the system.
 *
 * Style it by the custom properties `--portico-*` and by `::part(root)`, `::part(error)`, `::part(retry)`.
 */
export class PorticoConnections extends HTMLElement {
  getSession: GetSession | undefined;

  addEventListener<K extends keyof PorticoConnectionsEventMap>(
    type: K,
    listener: (this: PorticoConnections, event: PorticoConnectionsEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof PorticoConnectionsEventMap>(
    type: K,
    listener: (this: PorticoConnections, event: PorticoConnectionsEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "portico-connections": PorticoConnections;
  }
}
