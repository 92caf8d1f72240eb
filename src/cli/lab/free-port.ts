import { createServer } from "node:net";

/** A port of 127.0.0.1: the wanted one when nobody listens there, else any. */
export async function freePort(wanted: number): Promise<number> {
  const attempt = (port: number): Promise<number | null> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(null));
      server.listen(port, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" ? (address?.port ?? null) : null));
      });
    });
  const port = (await attempt(wanted)) ?? (await attempt(0));
  if (port === null) throw new Error("no free port on 127.0.0.1");
  return port;
}
