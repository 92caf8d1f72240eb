import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openMailbox } from "../../compose-local.ts";

/**
 * The mail server of a lab's live side, in a process of its own: a lab that is kept keeps it. It ends when the
 * lab's record is gone, whoever took that away.
 *
 *   node mailbox-program.ts <file> <smtp port> <web port>
 */
const [file = "", smtp = "", web = ""] = process.argv.slice(2);
const pollMs = 250;

const mailbox = await openMailbox({ smtp: Number(smtp), web: Number(web) });
process.stdout.write("ready\n");
while (existsSync(file)) await sleep(pollMs);
await mailbox.close();
process.exit(0);
