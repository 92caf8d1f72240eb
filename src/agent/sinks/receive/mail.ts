import { createServer, type Server, type Socket } from "node:net";
import { Heard, heardBytes, type Keeping, mostConnections, silentMs } from "./keeper.ts";

/** RFC 5321 section 4.5.3.1: a command line has 512 octets, with extensions more; a text line 1,000. */
const longestLine = 4_096;
const mostRecipients = 100;

/**
 * A mail server that accepts everything and delivers nothing (RFC 5321). Strict about line ends: a bare CR
 * or LF ends the connection, so that no two readers can see different mails in the same bytes (SMTP
 * smuggling). Whatever a client authenticates with is taken and forgotten.
 */
export function mailSink(keeper: Keeping): Server {
  const server = createServer((socket) => void new Session(socket, keeper).start());
  server.maxConnections = mostConnections;
  return server;
}

type State = "commands" | "data" | "password";

class Session {
  readonly #socket: Socket;
  readonly #keeper: Keeping;
  #buffer = Buffer.alloc(0);
  #state: State = "commands";
  /** Answers that AUTH still asks for. */
  #asks = 0;
  #greeted = false;
  #from: string | null = null;
  #to: string[] = [];
  #mail = new Heard();

  constructor(socket: Socket, keeper: Keeping) {
    this.#socket = socket;
    this.#keeper = keeper;
  }

  start(): void {
    this.#socket.setTimeout(silentMs, () => this.#socket.destroy());
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#say("220 sink.invalid ESMTP, nothing that arrives here is delivered");
  }

  #say(line: string): void {
    if (!this.#socket.destroyed) this.#socket.write(`${line}\r\n`);
  }

  #end(line: string): void {
    if (!this.#socket.destroyed) this.#socket.end(`${line}\r\n`);
    this.#socket.removeAllListeners("data");
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf("\n");
      if (end === -1) break;
      const line = this.#buffer.subarray(0, end + 1);
      this.#buffer = this.#buffer.subarray(end + 1);
      const bare = line.length < 2 || line[line.length - 2] !== 0x0d;
      if (bare || line.indexOf("\r") !== line.length - 2) {
        this.#end("500 5.5.2 lines end in CR LF, and hold neither by itself");
        return;
      }
      if (line.length > longestLine) {
        this.#end("500 5.5.2 line too long");
        return;
      }
      this.#line(line);
      if (this.#socket.writableEnded) return;
    }
    if (this.#buffer.length > longestLine) this.#end("500 5.5.2 line too long");
  }

  #line(line: Buffer): void {
    if (this.#state === "data") this.#dataLine(line);
    else if (this.#state === "password") this.#password();
    else this.#command(line.toString("latin1").slice(0, -2));
  }

  #dataLine(line: Buffer): void {
    if (line.equals(Buffer.from(".\r\n"))) {
      this.#state = "commands";
      const summary = `mail from <${this.#from ?? ""}> to ${this.#to.map((to) => `<${to}>`).join(", ")}`;
      this.#keeper.keep("mail", summary, this.#mail.bytes(), this.#mail.cut);
      this.#reset();
      this.#say("250 2.0.0 kept, not delivered");
      return;
    }
    if (this.#mail.size + line.length > heardBytes) {
      this.#end("552 5.3.4 too large");
      return;
    }
    // RFC 5321 section 4.5.2: a first dot was doubled on the way.
    this.#mail.take(line[0] === 0x2e ? line.subarray(1) : line);
  }

  #password(): void {
    this.#asks -= 1;
    if (this.#asks > 0) {
      this.#say("334 UGFzc3dvcmQ6");
      return;
    }
    this.#state = "commands";
    this.#say("235 2.7.0 taken and forgotten");
  }

  #command(text: string): void {
    const verb = /^[A-Za-z]{1,16}/.exec(text)?.[0].toUpperCase() ?? "";
    const rest = text.slice(verb.length).trim();
    switch (verb) {
      case "EHLO":
        this.#greeted = true;
        this.#reset();
        this.#say(
          `250-sink.invalid\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE ${heardBytes}\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN`,
        );
        return;
      case "HELO":
        this.#greeted = true;
        this.#reset();
        this.#say("250 sink.invalid");
        return;
      case "AUTH":
        this.#authenticate(rest);
        return;
      case "MAIL":
        this.#sender(rest);
        return;
      case "RCPT":
        this.#recipient(rest);
        return;
      case "DATA":
        if (this.#to.length === 0) {
          this.#say("503 5.5.1 name a recipient first");
          return;
        }
        this.#state = "data";
        this.#say("354 go on, end with a line that is a dot");
        return;
      case "RSET":
        this.#reset();
        this.#say("250 2.0.0 OK");
        return;
      case "NOOP":
        this.#say("250 2.0.0 OK");
        return;
      case "VRFY":
        this.#say("252 2.1.5 everybody is accepted");
        return;
      case "QUIT":
        this.#end("221 2.0.0 bye");
        return;
      default:
        this.#say("502 5.5.1 not done here");
    }
  }

  #authenticate(rest: string): void {
    const [mechanism = "", initial] = rest.split(/\s+/);
    const asks = { PLAIN: 1, LOGIN: 2 }[mechanism.toUpperCase()] ?? 0;
    if (asks === 0) {
      this.#say("504 5.5.4 PLAIN or LOGIN");
      return;
    }
    this.#asks = asks - (initial === undefined ? 0 : 1);
    if (this.#asks === 0) {
      this.#say("235 2.7.0 taken and forgotten");
      return;
    }
    this.#state = "password";
    this.#say(mechanism.toUpperCase() === "PLAIN" ? "334 " : "334 VXNlcm5hbWU6");
  }

  #sender(rest: string): void {
    const found = /^FROM:\s*<([^<>\s]{0,320})>(?:\s.*)?$/i.exec(rest);
    if (!this.#greeted || found === null || this.#from !== null) {
      this.#say(found === null ? "501 5.5.4 MAIL FROM:<address>" : "503 5.5.1 not now");
      return;
    }
    this.#from = found[1] ?? "";
    this.#say("250 2.1.0 OK");
  }

  #recipient(rest: string): void {
    const found = /^TO:\s*<([^<>\s]{1,320})>(?:\s.*)?$/i.exec(rest);
    if (found === null || this.#from === null) {
      this.#say(found === null ? "501 5.5.4 RCPT TO:<address>" : "503 5.5.1 MAIL comes first");
      return;
    }
    if (this.#to.length >= mostRecipients) {
      this.#say("452 4.5.3 too many recipients");
      return;
    }
    this.#to.push(found[1] ?? "");
    this.#say("250 2.1.5 OK");
  }

  #reset(): void {
    this.#from = null;
    this.#to = [];
    this.#mail = new Heard();
  }
}
