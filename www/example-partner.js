// What a partner writes: hand over a session, listen for news, load the element.
const element = document.querySelector("portico-connections");
const news = document.getElementById("news");

element.getSession = async () => {
  const response = await fetch("./session", { method: "POST", credentials: "same-origin" });
  if (!response.ok) throw new Error(`session: ${response.status}`);
  return response.json(); // { token, expiresAt }
};

for (const name of [
  "portico-ready",
  "portico-connection-added",
  "portico-connection-changed",
  "portico-connection-removed",
  "portico-flow-failed",
  "portico-error",
]) {
  element.addEventListener(name, (event) => {
    news.textContent = `${name} ${JSON.stringify(event.detail)}`;
  });
}

await import(`${element.dataset.app}/portico-connections.js`);
