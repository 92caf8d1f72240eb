import { createApp } from "./lib/app.js";
import { readSettings } from "./lib/settings.js";

const settings = readSettings();
const { server, state } = createApp(settings);

server.listen(settings.port, "127.0.0.1", () => {
  console.log(`shop ${settings.version} listens on ${settings.port} (${settings.colour})`);
});

/** Answers what it has begun, then goes. Whoever stops it takes the traffic away first. */
function stop() {
  if (state.stopping) return;
  state.stopping = true;
  server.close(() => {
    console.log("stopped");
    process.exit(0);
  });
  server.closeIdleConnections();
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);
