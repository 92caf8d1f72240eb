import type { AccessControl } from "../../ports/access-control.ts";
import type { Engine } from "../engine.ts";
import { placesOf } from "./places.ts";

export function makeAccessControl(engine: Engine): AccessControl {
  return {
    placesOf: (thing, reference) => placesOf(engine, thing, reference),
  };
}
