// Loads the module in the same way as the app's element does, and nothing else.
const wasm = fetch(new URL("__PORTICO_WASM__", import.meta.url), {
  integrity: "__PORTICO_WASM_INTEGRITY__",
});
const { default: init, mount } = await import("__PORTICO_JS__");
await init({ module_or_path: wasm });
mount();
