import { readFileSync } from "node:fs";
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { RouterState } from "../router-control.ts";
import { testerKey } from "./tester.ts";
import { compileTrustedProxies } from "./trusted-proxies.ts";

/** A state that can be put into effect: parsed, and everything in it that can be wrong has been looked at. */
export interface ValidState {
  readonly state: RouterState;
  readonly testerKey: KeyObject;
}

/** Reads and checks the wanted state. A bad one is refused whole: nothing of it takes effect. */
export function readStateFile(path: string): ValidState {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new TidelockError("unavailable", `cannot read the router's state: ${message(error)}`, {
      where: path,
      hint: "a router that has given up root needs the state inside the load frame",
      cause: error,
    });
  }
  return parseState(text, path);
}

/** @param where names the text in errors: a file or the control frame. */
export function parseState(text: string, where: string): ValidState {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TidelockError("invalid-input", `the router's state is not JSON: ${message(error)}`, {
      where,
      fault: "bug",
    });
  }
  return checkState(json, where);
}

export function checkState(json: unknown, where: string): ValidState {
  const parsed = RouterState.safeParse(json);
  if (!parsed.success) {
    throw new TidelockError(
      "invalid-input",
      `the router's state does not fit its schema: ${z.prettifyError(parsed.error)}`,
      { where, fault: "bug" },
    );
  }
  const state = parsed.data;
  checkLanes(state, where);
  try {
    return { state, testerKey: testerKey(state.testerPublicKey) };
  } catch (error) {
    throw new TidelockError("invalid-input", `testerPublicKey: ${message(error)}`, { where });
  }
}

function checkLanes(state: RouterState, where: string): void {
  const lanes = new Set<string>();
  const addresses = new Map<string, string>();
  for (const { route } of state.lanes) {
    const at = `${where}: lane ${route.lane}`;
    if (lanes.has(route.lane)) {
      throw new TidelockError("invalid-input", `lane ${route.lane} is there twice`, { where: at });
    }
    lanes.add(route.lane);
    parseListen(route.listen, at);
    const other = addresses.get(route.listen);
    if (other !== undefined) {
      throw new TidelockError(
        "port-in-use",
        `${route.listen} is wanted by lanes ${other} and ${route.lane}`,
        { where: route.listen, fault: "operator", hint: "give each lane an address of its own" },
      );
    }
    addresses.set(route.listen, route.lane);
    const { blue, green } = route.weights;
    if (blue + green !== 100 && blue + green !== 0) {
      throw new TidelockError(
        "invalid-input",
        `weights ${blue}/${green} add up to neither 100 nor 0`,
        {
          where: at,
        },
      );
    }
    if (route.limits.headerBytes < 1024 || route.limits.bodyBytes < 0) {
      throw new TidelockError(
        "invalid-input",
        "a header limit under 1024 or a body limit under 0",
        {
          where: at,
        },
      );
    }
    try {
      compileTrustedProxies(route.trustedProxies);
    } catch (error) {
      throw new TidelockError("invalid-input", `trustedProxies: ${message(error)}`, {
        where: at,
        fault: "operator",
        hint: "write 10.0.0.7 or 10.0.0.0/8",
      });
    }
  }
}

/** `127.0.0.1:8080`, `[::]:443`, `localhost:8080`. */
export function parseListen(listen: string, where: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) {
    throw new TidelockError("invalid-input", `"${listen}" is not host:port`, {
      where,
      fault: "operator",
      hint: "write 127.0.0.1:8080 or [::]:8080",
    });
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
