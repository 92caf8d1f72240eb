import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { buildApp } from "../../src/server/app.ts";
import { listenOnLoopback, type Listening } from "../../src/server/listen.ts";
import { jsonLog } from "../../src/server/log.ts";
import { readStaticFiles } from "../../src/server/files/static-files.ts";
import { MemoryContentStore } from "../fixtures/memory-content-store.ts";
import { EngineBench, type Worker } from "./engine-bench.ts";
import { isRoot } from "./optional.ts";

const root = join(import.meta.dirname, "..", "..");

/** The dashboard, a server over a real database, and a browser with an authenticator of its own. */
export class PasskeyLab {
  readonly token = "b".repeat(43);
  /** Of this test alone. */
  readonly folder = mkdtempSync(join(tmpdir(), "tidelock-passkeys-"));
  readonly bench: EngineBench;
  readonly worker: Worker;
  readonly plane: ControlPlane;
  readonly #listening: Listening;
  readonly #browser: Browser;
  readonly page: Page;
  readonly #devTools: CDPSession;
  readonly authenticator: string;
  /** Lines of the server's log. */
  readonly logged: readonly string[];
  /** What the page asked elsewhere, threw or complained of. */
  readonly offences: string[] = [];

  private constructor(parts: {
    bench: EngineBench;
    worker: Worker;
    listening: Listening;
    browser: Browser;
    page: Page;
    devTools: CDPSession;
    authenticator: string;
    logged: readonly string[];
  }) {
    this.logged = parts.logged;
    this.bench = parts.bench;
    this.worker = parts.worker;
    this.plane = parts.worker.controlPlane;
    this.#listening = parts.listening;
    this.#browser = parts.browser;
    this.page = parts.page;
    this.#devTools = parts.devTools;
    this.authenticator = parts.authenticator;
    this.page.on("pageerror", (error) => this.offences.push(error.message));
    this.page.on("request", (request) => {
      const own = [this.url, this.url.replace("localhost", "127.0.0.1")];
      if (!own.some((url) => request.url().startsWith(url)))
        this.offences.push(`asked ${request.url()}`);
    });
    this.page.on("console", (message) => {
      // What the server refused is said there, and looked at by the test itself.
      const text = message.text();
      if (message.type() === "error" && !text.startsWith("Failed to load resource")) {
        this.offences.push(text);
      }
    });
  }

  static async create(
    executablePath: string,
    prepare: (bench: EngineBench) => void = () => undefined,
  ): Promise<PasskeyLab> {
    const dist = mkdtempSync(join(tmpdir(), "tidelock-web-"));
    const vite = join(root, "node_modules", ".bin", "vite");
    const words = ["build", join(root, "web"), "--outDir", dist, "--emptyOutDir"];
    execFileSync(process.execPath, [vite, ...words, "--logLevel", "error"], { stdio: "pipe" });
    const files = readStaticFiles(dist);
    rmSync(dist, { recursive: true, force: true });
    const bench = await EngineBench.create();
    prepare(bench);
    const worker = bench.worker();
    await worker.engine.log.open("1.0.0");
    const identity = {
      version: "1.0.0",
      dataDir: "/",
      database: "embedded",
      startedAt: "",
    } as const;
    const logged: string[] = [];
    const app = await buildApp({
      controlPlane: worker.controlPlane,
      content: new MemoryContentStore(),
      identity: { ...identity, url: "" },
      token: "b".repeat(43),
      hostNames: [],
      files,
      log: jsonLog(
        new Writable({
          write(line, _encoding, done) {
            logged.push(String(line));
            done();
          },
        }),
      ),
      stop: () => undefined,
    });
    const listening = await listenOnLoopback(app, 0);
    const browser = await chromium.launch({
      executablePath,
      args: isRoot ? ["--no-sandbox"] : [],
    });
    const page = await (await browser.newContext()).newPage();
    const devTools = await page.context().newCDPSession(page);
    await devTools.send("WebAuthn.enable");
    const { authenticatorId } = await devTools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    const parts = { bench, worker, listening, browser, page, devTools, logged };
    return new PasskeyLab({ ...parts, authenticator: authenticatorId });
  }

  get url(): string {
    return this.#listening.url;
  }

  /** What the command line needs to reach this server. */
  get env(): Readonly<Record<string, string>> {
    return { TIDELOCK_URL: this.#listening.localUrl, TIDELOCK_TOKEN: this.token };
  }

  async verifyUser(isUserVerified: boolean): Promise<void> {
    await this.#devTools.send("WebAuthn.setUserVerified", {
      authenticatorId: this.authenticator,
      isUserVerified,
    });
  }

  /** What lies on the authenticator. */
  async credentials() {
    const { credentials } = await this.#devTools.send("WebAuthn.getCredentials", {
      authenticatorId: this.authenticator,
    });
    return credentials;
  }

  /** Signs somebody in by a one-time link, as a newcomer is. */
  async welcome(name: string): Promise<void> {
    const answer = await fetch(`${this.#listening.localUrl}/api/v1/accounts/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: JSON.stringify({ name, purpose: "invite" }),
    });
    const { secret } = (await answer.json()) as { readonly secret: string };
    const body = JSON.stringify({ secret, password: "tide of seven quiet harbours" });
    await this.page.goto(this.url);
    const status = await this.page.evaluate(
      `fetch("/api/v1/welcome", { method: "POST", body: ${JSON.stringify(body)},
        headers: { "content-type": "application/json", "x-tidelock": "1" } }).then((one) => one.status)`,
    );
    if (status !== 200) throw new Error(`the link answered ${String(status)}`);
  }

  /** What axe complains of, and by how much the page is wider than the window. */
  async complaints(): Promise<readonly unknown[]> {
    const source = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
    await this.page.evaluate(source);
    const found = await this.page.evaluate(
      "axe.run().then(({ violations }) => violations.map((one) => one.id + ': ' + one.nodes[0].html))",
    );
    const wide = await this.page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    return [
      ...(found as unknown[]),
      ...(Number(wide) > 0 ? [`${String(wide)} pixels too wide`] : []),
    ];
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#listening.close();
    await this.bench.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
