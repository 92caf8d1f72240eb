import { rm, stat } from "node:fs/promises";
import { errorCode } from "../os/durable.ts";
import { type RunFiles, RunRecord, RunResult, readJson } from "./run-files.ts";

/** Folders of ended runs beyond these are removed, oldest first. */
const keptRuns = 500;
/** What ended runs wrote is dropped beyond this, oldest first; such a run is `unknown` then. Bytes. */
const keptOutputBytes = 1024 * 1024 * 1024;

/** Gives back the disk that ended runs take. */
export async function forgetOld(runs: readonly RunFiles[]): Promise<void> {
  await dropOutput(runs, keptOutputBytes);
  if (runs.length <= keptRuns) return;
  const ended: { readonly files: RunFiles; readonly startedAt: number }[] = [];
  for (const files of runs) {
    const record = await readJson(files.record, RunRecord);
    const result = await readJson(files.result, RunResult);
    if (record !== null && result !== null) ended.push({ files, startedAt: record.startedAt });
  }
  ended.sort((a, b) => a.startedAt - b.startedAt);
  for (const { files } of ended.slice(0, runs.length - keptRuns)) {
    await rm(files.directory, { recursive: true, force: true });
  }
}

/** Removes what ended runs wrote, from the newest on backwards once the limit is reached. */
export async function dropOutput(runs: readonly RunFiles[], limit: number): Promise<void> {
  const written: { readonly files: RunFiles; readonly bytes: number; readonly at: number }[] = [];
  for (const files of runs) {
    const found = await Promise.all([files.stdout, files.stderr].map(sizeOf));
    const bytes = found.reduce((sum, one) => sum + (one?.size ?? 0), 0);
    if (bytes > 0) {
      written.push({ files, bytes, at: Math.max(...found.map((one) => one?.mtimeMs ?? 0)) });
    }
  }
  let total = 0;
  for (const { files, bytes } of written.sort((a, b) => b.at - a.at)) {
    total += bytes;
    if (total <= limit || (await readJson(files.result, RunResult)) === null) continue;
    for (const file of [files.stdout, files.stderr]) await rm(file, { force: true });
  }
}

async function sizeOf(path: string): Promise<{ size: number; mtimeMs: number } | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}
