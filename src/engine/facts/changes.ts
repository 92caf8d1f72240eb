import { type GateFacts, mostChangedPaths } from "../../model/gate-facts.ts";
import { touchedClasses } from "../../policy/high-risk/classify.ts";
import { changedFiles } from "../high-risk/changed-files.ts";
import { type FactsSite, releaseOf } from "./site.ts";

/** All paths together, as they are kept with each decision. */
const mostCharacters = 1_000_000;

/** Files that are not as in what was live when the plan was made, out of the bytes of both, and what they touch. */
export async function changeFacts({
  engine,
  plan,
  release,
}: FactsSite): Promise<GateFacts["changes"]> {
  const before = plan.live && (await releaseOf(engine, plan.live.release));
  const files = before && (await changedFiles(engine.content, before, release, { contents: true }));
  if (files === null) return null;
  // As a rule for every service would name it too: how somebody calls artifacts hides no path from it.
  const paths = [...new Set(files.flatMap(({ path, within = path }) => [path, within]))].sort();
  if (paths.length > mostChangedPaths) return null;
  if (paths.reduce((sum, path) => sum + path.length, 0) > mostCharacters) return null;
  const asked = (plan.risks ?? []).map((one) => one.class);
  const classes = [...asked, ...touchedClasses(files).map((one) => one.class)];
  return { paths, classes: [...new Set(classes)].sort() };
}
