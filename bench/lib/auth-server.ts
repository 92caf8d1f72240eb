import { guardedApp, openStore } from "./auth-app.ts";

/** A server process of its own for `bench -- auth`: `node auth-server.ts <data dir>`, ends with its stdin. */
const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("usage: auth-server.ts <data dir>");
const store = await openStore(dataDir);
const app = guardedApp(store);
process.stdout.write(`${await app.listen({ port: 0, host: "127.0.0.1" })}\n`);
process.stdin.resume().once("end", () => {
  void app
    .close()
    .then(() => store.pool.end())
    .then(() => process.exit(0));
});
