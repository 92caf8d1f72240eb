import type { Shot } from "./triage.ts";
import type { FuzzOperation } from "./describe/operation.ts";
import type { Run } from "./run.ts";

/**
 * What belongs together is asked in its order: make one, read it, change it, delete it, and then ask again for what
 * is gone. Which operations those are is told by their paths (`POST /items`, `GET /items/{id}`).
 */
export async function playSequences(run: Run): Promise<void> {
  for (const maker of run.operations.filter(({ method }) => method === "POST")) {
    const children = run.operations.filter(({ template }) => isChild(maker.template, template));
    if (children.length === 0) continue;
    await play(run, maker, children);
    await run.restUntilNext();
  }
}

async function play(
  run: Run,
  maker: FuzzOperation,
  children: readonly FuzzOperation[],
): Promise<void> {
  const of = (...methods: readonly string[]) =>
    children.filter(({ method }) => methods.includes(method));
  const made = await run.shootValid(maker, "sequence", "made twice");
  if (made?.outcome.kind !== "answer" || made.outcome.answer.status >= 300) return;
  // The same once more: what must be unique is refused, not broken.
  await run.shoot({ ...made.shot, what: "made a second time" });
  for (const read of of("GET")) await follow(run, read, "read after it was made", "there");
  for (const change of of("PUT", "PATCH")) await follow(run, change, "changed after it was made");
  for (const remove of of("DELETE")) {
    const removed = await follow(run, remove, "deleted after it was made");
    if (removed?.outcome.kind !== "answer" || removed.outcome.answer.status >= 300) continue;
    for (const used of removed.shot.uses) run.pool.forget(used.value);
    const before = [removed.shot.step];
    for (const after of [...of("GET"), ...of("PUT", "PATCH"), remove]) {
      // The same thing, by the same placeholders, although it is gone.
      const draft = run.draft(after, "sample", `after ${after.key}`, removed.shot.uses);
      const expect = after.method === "GET" ? ({ expect: "gone" } as const) : {};
      await run.shoot({
        purpose: { operation: after.key, family: "sequence", place: "deleted", ...expect },
        what: `${after.method} after it was deleted`,
        step: run.stepFor(after, run.write(draft)),
        uses: removed.shot.uses,
        before,
      });
    }
  }
}

async function follow(
  run: Run,
  operation: FuzzOperation,
  what: string,
  expect?: "there",
): Promise<{ readonly shot: Shot; readonly outcome: Awaited<ReturnType<Run["shoot"]>> } | null> {
  const draft = run.draft(operation, "sample", what);
  // Nothing is claimed about what is not really the thing that was made.
  if (operation.parameters.some((one) => one.in === "path") && draft.uses.length === 0) return null;
  const shot: Shot = {
    purpose: {
      operation: operation.key,
      family: "sequence",
      place: "sequence",
      ...(expect === undefined ? {} : { expect }),
    },
    what,
    step: run.stepFor(operation, run.write(draft)),
    uses: draft.uses,
  };
  return { shot, outcome: await run.shoot(shot) };
}

/** `/items/{id}` is a child of `/items`. */
function isChild(parent: string, template: string): boolean {
  return (
    template.startsWith(`${parent.replace(/\/$/, "")}/{`) &&
    /^\/\{[^/{}]+\}$/.test(template.slice(parent.replace(/\/$/, "").length))
  );
}
