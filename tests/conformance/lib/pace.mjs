// Keeps a suite below HubSpot's rolling windows, by the sandbox's own clock rather than by waiting.

const WINDOW = 90;
const SEARCHES = 4;

/** A function to await before each call; `advance(ms)` moves the sandbox's clock. */
export function pacer(advance) {
  let calls = 0;
  let searches = 0;
  return async (isSearch) => {
    if (isSearch ? searches >= SEARCHES : calls >= WINDOW) {
      await advance(isSearch ? 1_100 : 10_100);
      searches = 0;
      if (!isSearch) calls = 0;
    }
    if (isSearch) searches += 1;
    calls += 1;
  };
}
