/** What the page tells the service worker. */
export type ToServiceWorker =
  /** The next navigation to `/r/save/ID/…` is a download of what comes over `port`, as in `opening/port.ts`. */
  | { kind: 'save'; id: string; name: string; size: number; port: MessagePort }
  /** Some browsers stop a service worker that got no event for half a minute, whatever it still streams. */
  | { kind: 'ping' }
