import { expect, test } from "vitest";
import type { Fence } from "../../src/model/primitives.ts";
import type { RouteSpec, Weights } from "../../src/ports/host-agent.ts";
import type { Router } from "../../src/ports/router.ts";
import type { EffectContext } from "../../src/ports/target.ts";

/** A router under test, with services that answer with the name of their colour. */
export interface RouterUnderTest {
  readonly router: Router;
  /** A route of `lane` on a free port, all traffic to blue. */
  route(lane: string): Promise<RouteSpec>;
  /** Puts a release on a colour of `lane` (it answers its colour's name, `/slow` after 600 ms), or takes it away. */
  fill(lane: string, colour: "blue" | "green"): Promise<void>;
  empty(lane: string, colour: "blue" | "green"): Promise<void>;
}

const blueOnly: Weights = { blue: 100, green: 0 };
const greenOnly: Weights = { blue: 0, green: 100 };

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * What every router must do, whatever moves the traffic: set, verify by reading back, remove what it made, and keep
 * stale workers out. Call it inside a `describe`; `subject` is asked once each test runs.
 */
export function routerConformance(subject: () => RouterUnderTest): void {
  let lanes = 0;
  /** A lane of its own for each test; epochs begin at 10 so that there are lower ones. */
  async function begin(): Promise<{
    spec: RouteSpec;
    lane: string;
    at: (epoch?: number) => EffectContext;
  }> {
    const lane = `conform${++lanes}/production`;
    let operations = 0;
    const at = (epoch = 10): EffectContext => {
      const fence: Fence = { lane, incarnation: 1, epoch };
      return { fence, operation: `conformance/${lanes}/${operations++}` };
    };
    return { spec: await subject().route(lane), lane, at };
  }

  test("it keeps stale workers out, and says how", () => {
    expect(["fenced", "preconditioned"]).toContain(subject().router.fencing);
  });

  test("set moves traffic and answers what the router itself reports", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill } = subject();
    await fill(lane, "blue");
    await fill(lane, "green");
    const first = await router.set(at(), spec);
    expect(first.effective?.weights).toEqual(blueOnly);
    expect(await ask(spec)).toEqual({ status: 200, text: "blue" });
    const second = await router.set(at(), { ...spec, weights: greenOnly });
    expect(second.effective?.weights).toEqual(greenOnly);
    expect(second.route?.weights).toEqual(greenOnly);
    expect(await ask(spec)).toEqual({ status: 200, text: "green" });
    expect((await router.read(lane)).effective?.weights).toEqual(greenOnly);
  });

  test("setting what is set already changes nothing", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill } = subject();
    await fill(lane, "blue");
    await router.set(at(), spec);
    const context = at();
    await router.set(context, spec);
    const again = await router.set(context, spec);
    expect(again.effective?.weights).toEqual(blueOnly);
    expect(await ask(spec)).toEqual({ status: 200, text: "blue" });
  });

  test("a lower fence is refused and moves nothing", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill } = subject();
    await fill(lane, "blue");
    await fill(lane, "green");
    await router.set(at(10), spec);
    await expect(router.set(at(9), { ...spec, weights: greenOnly })).rejects.toMatchObject({
      code: "stale-epoch",
    });
    await expect(router.remove(at(9), lane)).rejects.toMatchObject({ code: "stale-epoch" });
    expect((await router.read(lane)).effective?.weights).toEqual(blueOnly);
    expect(await ask(spec)).toEqual({ status: 200, text: "blue" });
  });

  test("a tester reaches the idle colour, everybody else the live one", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill } = subject();
    await fill(lane, "blue");
    await fill(lane, "green");
    await router.set(at(), spec);
    const { header, value, expiresAt } = await router.tester(lane, 60_000);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    expect(await ask(spec, { [header]: value })).toEqual({ status: 200, text: "green" });
    expect(await ask(spec)).toEqual({ status: 200, text: "blue" });
    expect((await ask(spec, { [header]: `${value}x` })).status).toBe(403);
  });

  test("an idle colour without a release answers a tester 503, never the live version", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill, empty } = subject();
    await fill(lane, "blue");
    await router.set(at(), spec);
    const { header, value } = await router.tester(lane, 60_000);
    expect((await ask(spec, { [header]: value })).status).toBe(503);
    await fill(lane, "green");
    expect(await ask(spec, { [header]: value })).toEqual({ status: 200, text: "green" });
    await empty(lane, "green");
    expect((await ask(spec, { [header]: value })).status).toBe(503);
    expect(await ask(spec)).toEqual({ status: 200, text: "blue" });
  });

  test("a request under way ends on the colour that it began on", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill } = subject();
    await fill(lane, "blue");
    await fill(lane, "green");
    await router.set(at(), { ...spec, drainMs: 20_000 });
    const slow = ask(spec, {}, "/slow");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await router.set(at(), { ...spec, drainMs: 20_000, weights: greenOnly });
    expect(await ask(spec)).toEqual({ status: 200, text: "green" });
    expect(await slow).toEqual({ status: 200, text: "blue" });
  });

  test("a switch can be undone", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill } = subject();
    await fill(lane, "blue");
    await fill(lane, "green");
    await router.set(at(), spec);
    await router.set(at(11), { ...spec, weights: greenOnly });
    const back = await router.set(at(12), spec);
    expect(back.effective?.weights).toEqual(blueOnly);
    expect(await ask(spec)).toEqual({ status: 200, text: "blue" });
  });

  test("remove takes away what set made, may be repeated, and the route can be made again", async () => {
    const { spec, lane, at } = await begin();
    const { router, fill } = subject();
    await fill(lane, "blue");
    await router.set(at(), spec);
    await router.remove(at(), lane);
    await router.remove(at(), lane);
    const seen = await router.read(lane);
    expect(seen.route).toBeNull();
    expect(seen.effective).toBeNull();
    await expect(ask(spec)).rejects.toThrow();
    await router.set(at(), spec);
    expect(await ask(spec)).toEqual({ status: 200, text: "blue" });
  });
}

async function ask(
  spec: RouteSpec,
  headers: Record<string, string> = {},
  path = "/",
): Promise<Answer> {
  const response = await fetch(`http://${spec.listen}${path}`, {
    headers: { ...headers, connection: "close" },
    signal: AbortSignal.timeout(15_000),
  });
  return { status: response.status, text: await response.text() };
}
