import { z } from "zod";
import type { Scanner } from "../scanner.ts";
import { lockReader } from "./lockfiles.ts";
import type { FoundPackage } from "./package-list.ts";
import { asksForPackages, isManifest, isPackageSign } from "./signs.ts";

const maxLockBytes = 24 * 1024 * 1024;
const maxPackages = 50_000;
const maxSigns = 100;

/** `signs`: look also for what shows packages in a form that is not read. */
const Options = z.strictObject({ signs: z.boolean().default(false) });

/** Collects the packages that a tree holds or asks for; who reads the list judges it. */
export const packagesScanner: Scanner<typeof Options> = {
  options: Options,
  begin: ({ signs: looked }) => {
    const packages: FoundPackage[] = [];
    const signs: string[] = [];
    return {
      wants: ({ path }) =>
        lockReader(path) === null && !(looked && isManifest(path))
          ? { kind: "pass-over" }
          : { kind: "whole", most: maxLockBytes },
      entry: (entry) => {
        if (looked && signs.length < maxSigns && isPackageSign(entry)) signs.push(entry.path);
      },
      file: (file) => {
        if (looked && isManifest(file.path)) {
          if (asksForPackages(file.text) && signs.length < maxSigns) signs.push(file.path);
          return;
        }
        const installed = file.path.endsWith("/package.json");
        for (const one of lockReader(file.path)?.(file.text) ?? []) {
          if (packages.length >= maxPackages) throw new Error("there are too many packages");
          packages.push({ ...one, path: file.path, installed });
        }
      },
      end: () => (looked ? { packages, signs } : { packages }),
    };
  },
};
