import { expect, it } from "vitest";
import type { CheckContext, CredentialSearch } from "../../ports/check.ts";
import type { HostAgent } from "../../ports/host-agent.ts";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import { runCheck } from "../run.ts";
import { isolation } from "./index.ts";
import { holdsMarker, newMarker } from "./marker-text.ts";

const clean: CredentialSearch = {
  looked: ["DB"],
  shared: [],
  tooShort: [],
  places: 5,
  unreadable: 0,
  bindings: "isolated",
  found: [],
};

/** A service under test, its sinks and a live side, each with what it has seen. */
class World {
  readonly sunk: { sink: "mail" | "http" | "tcp"; text: string }[] = [];
  readonly liveRows: string[] = [];
  readonly ownRows: string[] = [];
  /** What the tested service does with a marker. */
  act: (marker: string, path: string) => void = () => undefined;
  liveStatus = 200;
  readonly marks: (string | undefined)[] = [];

  readonly agent: HostAgent = {
    call: (async (method: string, params: { after: number }) => {
      if (method !== "sink.read") throw new Error(`no ${method} here`);
      return {
        generation: "g",
        sinks: [],
        running: true,
        messages: this.sunk
          .map((one, index) => ({
            ...one,
            sequence: index + 1,
            at: "",
            summary: "",
            truncated: false,
          }))
          .filter(({ sequence }) => sequence > params.after),
        next: this.sunk.length,
        full: false,
      };
    }) as unknown as HostAgent["call"],
  };

  async run(
    markers: Record<string, unknown>,
    change: { search?: CredentialSearch; context?: Partial<CheckContext> } = {},
  ) {
    await using tested = await serve((request, response) => {
      this.marks.push(request.headers["x-tidelock-scan"] as string | undefined);
      const [, path = "", marker = ""] = (request.url ?? "").split("/");
      if (path === "rows") return void response.end(JSON.stringify(this.ownRows));
      this.act(marker, path);
      response.end("{}");
    });
    await using live = await serve((request, response) => {
      this.marks.push(request.headers["x-tidelock-scan"] as string | undefined);
      response.statusCode = this.liveStatus;
      response.end(JSON.stringify(["an old row", ...this.liveRows]));
    });
    const context = checkContext({
      agent: this.agent,
      instances: [tested.origin],
      route: live.origin,
      scan: { header: "x-tidelock-scan", value: "the-mark" },
      live: {
        release: `sha256:${"e".repeat(64)}`,
        releaseName: "shop@1",
        tree: `sha256:${"f".repeat(64)}`,
        readTree: () => (async function* () {})(),
      },
      searchCredentials: async () => change.search ?? clean,
      ...change.context,
    });
    const demand = {
      name: "isolation",
      with: { markers, arriveMs: 600, settleMs: 300 },
      timeout: 20_000,
    };
    return await runCheck(isolation, context, demand);
  }
}

const live = [{ path: "/rows", contains: "an old row" }];
const mail = { trigger: { path: "/mail/{marker}" }, sink: "mail", live };
const row = { trigger: { path: "/row/{marker}" }, arrives: { path: "/rows" }, live };

it("passes when each marker arrives in its sink and none on the live side", async () => {
  const world = new World();
  world.act = (marker, path) => {
    if (path === "mail") world.sunk.push({ sink: "mail", text: `Subject: ${marker}` });
    else world.ownRows.push(marker);
  };
  const report = await world.run({ mail, row });
  expect(report.verdict, report.summary).toBe("pass");
  expect(report.exercised.requests).toBeGreaterThan(3);
  // The tested side is asked with the scan's mark, the live side without it.
  expect(new Set(world.marks)).toEqual(new Set(["the-mark", undefined]));
});

it("fails when a row of the tested colour shows on the live side, even late", async () => {
  const world = new World();
  world.act = (marker) => {
    world.ownRows.push(marker);
    setTimeout(() => world.liveRows.push(marker), 250);
  };
  const report = await world.run({ row });
  expect(report.verdict).toBe("fail");
  expect(report.summary).toContain("/rows shows it");
});

it.each([
  ["nothing arrives", () => undefined],
  [
    "it arrives in another sink",
    (world: World, marker: string) => void world.sunk.push({ sink: "http", text: marker }),
  ],
  [
    "something else arrives",
    (world: World) => void world.sunk.push({ sink: "mail", text: newMarker() }),
  ],
])("is inconclusive when %s", async (_name, act) => {
  const world = new World();
  world.act = (marker) => act(world, marker);
  expect((await world.run({ mail })).verdict).toBe("inconclusive");
});

it("is inconclusive when one kind of two is not proven", async () => {
  const world = new World();
  world.act = (marker, path) => {
    if (path === "mail") world.sunk.push({ sink: "mail", text: marker });
  };
  expect((await world.run({ mail, row })).verdict).toBe("inconclusive");
});

it.each([
  ["answers an error", (world: World) => void (world.liveStatus = 500), live],
  ["never shows anything", () => undefined, [{ path: "/rows", contains: "something else" }]],
  ["is not there", () => undefined, [{ url: "http://127.0.0.1:1/rows" }]],
])(
  "is inconclusive when the live side's read %s: nothing follows from it",
  async (_name, set, probes) => {
    const world = new World();
    set(world);
    world.act = (marker) => void world.sunk.push({ sink: "mail", text: marker });
    const report = await world.run({ mail: { ...mail, live: probes } });
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("cannot be seen");
  },
);

it.each([
  ["a cloud's metadata", "http://169.254.169.254/latest/meta-data/", "metadata service"],
  ["it in another notation", "http://[::ffff:a9fe:a9fe]/latest/", "metadata service"],
  ["another address of the local link", "http://169.254.170.23/v1/credentials", "local link"],
])("asks nobody for %s, whatever the pipeline says", async (_name, url, why) => {
  const world = new World();
  world.act = (marker) => void world.sunk.push({ sink: "mail", text: marker });
  const probe = { url, headers: { "Metadata-Flavor": "Google" } };
  const report = await world.run({ mail: { ...mail, live: [probe] } });
  expect(report.verdict).toBe("inconclusive");
  expect(report.summary).toContain(why);
});

it("asks no port of Tidelock's own, and goes on asking others of this machine", async () => {
  let asked = 0;
  await using own = await serve((_request, response) => {
    asked += 1;
    response.end("something");
  });
  const world = new World();
  world.act = (marker, path) => {
    if (path === "mail") world.sunk.push({ sink: "mail", text: marker });
    else world.ownRows.push(marker);
  };
  const port = Number(new URL(own.origin).port);
  const ownPorts = { context: { ownPorts: () => [port] } };
  for (const host of ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"]) {
    const url = `http://${host}:${port}/api/v1/server`;
    const report = await world.run({ mail: { ...mail, live: [{ url }] } }, ownPorts);
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("Tidelock itself listens there");
    const arrives = await world.run({ row: { ...row, arrives: { url } } }, ownPorts);
    expect(arrives.verdict).toBe("inconclusive");
  }
  expect(asked).toBe(0);
  const report = await world.run({ mail: { ...mail, live: [{ url: own.origin }] } });
  expect(report.verdict, report.summary).toBe("pass");
  expect(asked).toBeGreaterThan(0);
});

it("says that there is no live colour yet instead of asking the tested one", async () => {
  const world = new World();
  world.act = (marker) => void world.sunk.push({ sink: "mail", text: marker });
  const report = await world.run({ mail }, { context: { live: null } });
  expect(report.verdict).toBe("pass");
  expect(report.results.some(({ message }) => message.includes("no live colour yet"))).toBe(true);
});

it.each([
  [
    "fail",
    "a live credential is held",
    { ...clean, found: [{ name: "DB", place: "file DB_URL" }] },
  ],
  ["fail", "the instances have the live bindings", { ...clean, bindings: "live" as const }],
  ["inconclusive", "a credential is too short to be looked for", { ...clean, tooShort: ["PIN"] }],
  ["inconclusive", "a process could not be read", { ...clean, unreadable: 1 }],
  ["inconclusive", "nothing could be read", { ...clean, places: 0 }],
])("is %s when %s", async (verdict, _name, search) => {
  const world = new World();
  let asked = false;
  world.act = (marker) => {
    asked = true;
    world.sunk.push({ sink: "mail", text: marker });
  };
  expect((await world.run({ mail }, { search })).verdict).toBe(verdict);
  // One that holds a live credential is not made to use it.
  if (verdict === "fail") expect(asked).toBe(false);
});

it("is an error where nothing is deployed, and where no kind is declared", async () => {
  const world = new World();
  expect((await world.run({ mail }, { context: { slot: null } })).verdict).toBe("error");
  expect((await world.run({})).verdict).toBe("error");
});

it("recognises a marker as mails carry it", () => {
  const marker = newMarker();
  const base64 = Buffer.from(`Dear Jane, ${marker} is yours`).toString("base64");
  for (const text of [
    marker.toUpperCase(),
    `${marker.slice(0, 9)}=\r\n${marker.slice(9)}`,
    base64.replace(/(.{20})/g, "$1\r\n"),
    Buffer.from(`x${marker}`).toString("base64"),
    Buffer.from(`xy${marker}`).toString("base64"),
  ]) {
    expect(holdsMarker(text, marker), text).toBe(true);
  }
  expect(holdsMarker(newMarker(), marker)).toBe(false);
  expect(holdsMarker(base64, newMarker())).toBe(false);
});
