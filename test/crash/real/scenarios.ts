import type { LaneView, PromotionView } from "../../../src/api/views.ts";
import { until } from "../../support/agent-harness.ts";
import { crashes, good, sick, type ServiceName } from "./service.ts";
import { environment, operator, type Rig } from "./rig.ts";

/** What is asked of the server that will meet its fate. */
export interface Request {
  readonly method: "promote" | "rollback" | "stopService" | "removeService";
  readonly params: readonly unknown[];
  /** What is live when all is over. */
  readonly live: string;
}

export interface Scenario {
  readonly name: string;
  readonly service: ServiceName;
  /** How the promotion ends. */
  readonly state: PromotionView["state"];
  /** Whose users ask; `shop`, which stays as it is, where the service itself has nobody to serve. */
  readonly asks: ServiceName;
  /** Users meet 503 by design, for a while. */
  readonly gap: boolean;
  /** Every effect that it has; each is one at which a server is stopped. */
  readonly effects: readonly string[];
  prepare(rig: Rig): Promise<Request>;
  /** What the next server is asked for, before the first one goes on; answers the promotion to judge. */
  readonly afterwards?: (rig: Rig, live: string) => Promise<PromotionView>;
}

export async function statusOf(rig: Rig, service: ServiceName): Promise<LaneView | undefined> {
  return (await rig.server.call<LaneView[]>("status", { service }))[0];
}

/** What is live now; the first release, where there is nothing. */
async function liveOf(rig: Rig, service: ServiceName): Promise<string> {
  const live = (await statusOf(rig, service))?.live?.version;
  return live ?? promoted(rig, service, good[0]);
}

async function promoted(rig: Rig, service: ServiceName, version: string): Promise<string> {
  const view = await rig.promote(service, version);
  if (view.state !== "complete") throw new Error(`${service}@${version}: ${view.message}`);
  return version;
}

const other = (version: string): string => (version === good[0] ? good[1] : good[0]);

const promotion = (service: ServiceName, version: string, live = version): Request => ({
  method: "promote",
  params: [operator, { service, environment, release: version }],
  live,
});

const next = (service: ServiceName) => async (rig: Rig) =>
  promotion(service, other(await liveOf(rig, service)));

/** The old colour stands, so that a rollback only moves the traffic. */
async function withWayBack(rig: Rig, service: ServiceName): Promise<[live: string, old: string]> {
  const old = await liveOf(rig, service);
  return [await promoted(rig, service, other(old)), old];
}

const blueGreenEffects = [
  "deploy-isolated",
  "check",
  "deploy-live",
  "arm-return",
  "switch",
] as const;
const recreateEffects = ["close-route", "stop", "deploy-live"] as const;

export const blueGreen: Scenario = {
  name: "blue-green",
  effects: [...blueGreenEffects, "disarm-return"],
  service: "shop",
  state: "complete",
  asks: "shop",
  gap: false,
  prepare: next("shop"),
};

/** The way back where users may meet no gap, the one where they must, and what else has effects. */
export const scenarios: readonly Scenario[] = [
  blueGreen,
  {
    name: "blue-green, sick under watch",
    effects: [...blueGreenEffects, "return-traffic", "disarm-return", "destroy"],
    service: "shop",
    state: "rolled-back",
    asks: "shop",
    gap: false,
    prepare: async (rig) => promotion("shop", sick, await liveOf(rig, "shop")),
  },
  {
    name: "rollback",
    effects: ["switch", "disarm-return"],
    service: "shop",
    state: "complete",
    asks: "shop",
    gap: false,
    prepare: async (rig) => {
      const [, old] = await withWayBack(rig, "shop");
      const lane = { service: "shop", environment };
      return { method: "rollback", params: [operator, lane, { reason: "prices" }], live: old };
    },
  },
  {
    name: "retire",
    effects: ["deploy-isolated", "deploy-live", "arm-return", "switch", "disarm-return", "retire"],
    service: "brief",
    state: "complete",
    asks: "brief",
    gap: false,
    prepare: async (rig) => {
      const live = await liveOf(rig, "brief");
      return { ...promotion("brief", other(live)), live };
    },
    // Once it is retired, users get a release on that colour: what retires it again would hit them.
    afterwards: async (rig, live) => {
      const retired = async () => (await statusOf(rig, "brief"))?.rollbackUntil === null;
      await until("the old colour is retired", retired);
      const view = await rig.promote("brief", live);
      await until("that one's old colour is retired too", retired);
      return view;
    },
  },
  {
    name: "recreate",
    effects: [...recreateEffects, "arm-return", "switch", "disarm-return"],
    service: "once",
    state: "complete",
    asks: "once",
    gap: true,
    prepare: next("once"),
  },
  {
    name: "recreate, crashes",
    effects: [...recreateEffects, "restore", "return-traffic", "disarm-return", "destroy"],
    service: "once",
    state: "failed",
    asks: "once",
    gap: true,
    prepare: async (rig) => promotion("once", crashes, await liveOf(rig, "once")),
  },
  {
    name: "no router",
    effects: ["deploy-isolated", "deploy-live", "stop-old"],
    service: "jobs",
    state: "complete",
    asks: "shop",
    gap: false,
    prepare: next("jobs"),
  },
  {
    name: "first release",
    effects: ["open-route", "deploy-isolated", "deploy-live", "switch", "disarm-return"],
    service: "fresh",
    state: "complete",
    asks: "shop",
    gap: false,
    prepare: async () => promotion("fresh", good[0]),
  },
  {
    name: "service stop",
    effects: ["remove-route", "stop"],
    service: "halt",
    state: "complete",
    asks: "shop",
    gap: false,
    prepare: async (rig) => {
      const [live] = await withWayBack(rig, "halt");
      const lane = { service: "halt", environment };
      return { method: "stopService", params: [operator, lane], live: other(live) };
    },
    // Somebody wants it to run after all.
    afterwards: (rig, live) => rig.promote("halt", live),
  },
  {
    name: "service remove",
    effects: ["remove-route", "stop", "forget"],
    service: "halt",
    state: "complete",
    asks: "shop",
    gap: false,
    prepare: async (rig) => {
      const live = await liveOf(rig, "halt");
      return { method: "removeService", params: [operator, "halt"], live: other(live) };
    },
    afterwards: (rig, live) => rig.promote("halt", live),
  },
];
