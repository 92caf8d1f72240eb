import { expect, it } from "vitest";
import { builtInRoles } from "./roles.ts";
import { whyRefused } from "./why-refused.ts";

const held = (role: string, service: string | null, environment: string | null = null) => ({
  role,
  service,
  environment,
  permissions: builtInRoles.get(role)?.permissions ?? new Set<never>(),
});
const maria = {
  kind: "session",
  id: "maria@shop.example",
  person: "person:1",
  holdings: [],
  within: null,
} as const;

it("tells somebody without a role that this is the reason, and who gives one", () => {
  const text = whyRefused(maria, "service.read");
  expect(text).toMatch(/^you have no role here yet\./);
  expect(text).toContain("tidelock role assign <role> maria@shop.example");
});

it("names the roles that hold it, and says only last what it would let somebody do", () => {
  const text = whyRefused({ ...maria, holdings: [held("developer", "shop")] }, "pipeline.apply");
  expect(text).toMatch(
    /^you are developer \(shop, every environment\)\. Held by the role administrator/,
  );
  expect(text).toMatch(/It lets somebody: register pipelines and environments, which is policy\.$/);
});

it("says where it is allowed, when it is only another place", () => {
  const holdings = [held("sre", "shop", "staging")];
  const text = whyRefused({ ...maria, holdings }, "promotion.start");
  expect(text).toMatch(/^you may so as sre \(shop, staging\), and nowhere else/);
});

it("sends whoever signed in with a password alone to a second factor, not to another role", () => {
  const reading = held("developer", "shop");
  const permissions = new Set([...reading.permissions].filter((one) => one.endsWith(".read")));
  const session = {
    methods: ["link", "password"] as const,
    issuer: null,
    carried: "cookie",
    signedInAt: new Date(0),
    recent: false,
  } as const;
  const asking = { ...maria, session, holdings: [{ ...reading, permissions }] };
  expect(whyRefused(asking, "promotion.start")).toContain("sign in with a passkey");
});

it("says of a narrower token that it is the token", () => {
  const within = held("auditor", "shop");
  const asking = { ...maria, kind: "token", holdings: [held("sre", null)], within } as const;
  expect(whyRefused(asking, "promotion.start")).toContain(
    "this token may no more than auditor (shop",
  );
});
