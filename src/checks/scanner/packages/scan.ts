import { z } from "zod";
import type { Scanner } from "../scanner.ts";
import { lockReader } from "./lockfiles.ts";
import type { FoundPackage } from "./package-list.ts";

const maxLockBytes = 24 * 1024 * 1024;
const maxPackages = 50_000;

/** Collects the packages that a tree holds or asks for; who reads the list judges it. */
export const packagesScanner: Scanner = {
  options: z.strictObject({}),
  begin: () => {
    const packages: FoundPackage[] = [];
    return {
      wants: ({ path }) =>
        lockReader(path) === null ? { kind: "pass-over" } : { kind: "whole", most: maxLockBytes },
      file: (file) => {
        const installed = file.path.endsWith("/package.json");
        for (const one of lockReader(file.path)?.(file.text) ?? []) {
          if (packages.length >= maxPackages) throw new Error("there are too many packages");
          packages.push({ ...one, path: file.path, installed });
        }
      },
      end: () => ({ packages }),
    };
  },
};
