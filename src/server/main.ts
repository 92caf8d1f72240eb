import { asTidelockError } from "../model/errors.ts";
import { serve } from "./serve.ts";

// The server as a program of its own: `server start --detach` starts it and hears over IPC how it went.
try {
  process.exitCode = await serve(process.argv.slice(2), (ready) => tell({ ready }));
} catch (error) {
  const { code, message, where, hint, fault, stack } = asTidelockError(error);
  tell({ error: { code, message, where, hint, fault } });
  process.stderr.write(
    `${JSON.stringify({ at: new Date().toISOString(), level: "error", event: "start failed", code, message, where, hint, stack })}\n`,
  );
  process.exitCode = 1;
}
process.exit();

function tell(message: object): void {
  if (process.send === undefined) return;
  process.send(message);
  process.disconnect();
}
