import { closeSync, openSync, renameSync, fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";

const keepBytes = 16 * 1024 * 1024;

/**
 * Appends to `path` (0600); a long one is moved to `<path>.1`, so that two of them are the most there are, however much
 * somebody asks. Lines are in the file when the call returns: what is said last before an end is not lost.
 */
export function openLogFile(path: string, mostBytes: number = keepBytes): Writable {
  let file: number | null = null;
  let size = 0;
  const open = (): number => {
    const opened = openSync(path, "a", 0o600);
    size = fstatSync(opened).size;
    return opened;
  };
  const write = (chunk: Buffer): void => {
    try {
      file ??= open();
      if (size > 0 && size + chunk.length > mostBytes) {
        closeSync(file);
        file = null;
        renameSync(path, `${path}.1`);
        file = open();
      }
      size += writeSync(file, chunk);
    } catch {
      // A full disk must not stop the server; what it says is then lost.
    }
  };
  return new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => {
      write(chunk);
      done();
    },
    final: (done) => {
      if (file !== null) closeSync(file);
      done();
    },
  });
}
