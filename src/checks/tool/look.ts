// Names of their own, as the harness and this file become one text (`bundle.ts`).
import * as fs from "node:fs";
import * as paths from "node:path";
import type { Order, Pattern, Reply } from "./order.ts";

const maxHeldBytes = 64 * 1024 * 1024;
const maxListed = 200;

interface Entry {
  path: string;
  kind: "directory" | "file" | "symlink";
  /** The content with its words made harmless, where it had any. */
  changed: Buffer | null;
}

/** Goes through the tree once: what concerns the tool, what asks it to look away, and a copy if one is due. */
export function look(
  tree: NonNullable<Order["tree"]>,
  root: string,
  copy: string,
  reply: Reply,
): string[] {
  const entries: Entry[] = [];
  const listed: string[] = [];
  const [concerns, content, leaveOut] = [tree.concerns, tree.content, tree.leaveOut].map(regexp);
  const [askingName, askingWords, defuse] = [tree.askingName, tree.askingWords, tree.defuse].map(
    regexp,
  );
  let copyDue = Object.keys(tree.put).length > 0;
  const walk = (folder: string): void => {
    for (const found of fs.readdirSync(paths.join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? found.name : `${folder}/${found.name}`;
      const excluded = tree.exclude.some((glob) => paths.matchesGlob(path, glob));
      const foreign = /(^|\/)node_modules\//.test(path);
      const plain = found.isFile();
      if (plain) reply.files += 1;
      else if (!found.isDirectory() && !found.isSymbolicLink()) continue;
      // A link or a folder of such a name is asked of and left out as a file is: tools follow links.
      if (askingName?.test(path) && !foreign)
        ask(reply, path, undefined, `a file named ${found.name}`);
      if (excluded) {
        copyDue = true;
        if (plain || found.isDirectory()) reply.excluded += 1;
        continue;
      }
      if (leaveOut?.test(path)) {
        copyDue = true;
        if (reply.leftOut.length < maxListed) reply.leftOut.push(path);
        // Whatever such a folder holds is not seen by the tool: that is no whole scan.
        if (found.isDirectory() && reply.unread.length < maxListed) reply.unread.push(path);
        continue;
      }
      if (found.isDirectory()) {
        entries.push({ path, kind: "directory", changed: null });
        walk(path);
        continue;
      }
      if (found.isSymbolicLink()) {
        entries.push({ path, kind: "symlink", changed: null });
        continue;
      }
      const wanted = concerns?.test(path) ?? false;
      let changed: Buffer | null = null;
      let text = "";
      if (askingWords || defuse || (wanted && content)) {
        const bytes = hold(path, root, reply);
        if (bytes === null) continue;
        // Every byte a letter: what is put back is byte for byte what it was.
        text = bytes.toString("latin1");
        if (askingWords && !foreign) askByWords(reply, path, text, askingWords);
        if (defuse) {
          const calmed = text.replace(defuse, (words) => words.replace(/[A-Za-z]/, "_"));
          if (calmed !== text) {
            changed = Buffer.from(calmed, "latin1");
            reply.defused += 1;
            copyDue = true;
          }
        }
      }
      entries.push({ path, kind: "file", changed });
      if (wanted && (!content || content.test(text.slice(0, 4_096)))) {
        reply.concerned += 1;
        listed.push(path);
      }
    }
  };
  walk("");
  if (copyDue && listed.length > 0) {
    makeCopy(entries, tree.put, root, copy);
    reply.copied = true;
    reply.base = copy;
  }
  return listed;
}

function hold(path: string, root: string, reply: Reply): Buffer | null {
  const file = fs.openSync(paths.join(root, path), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    if (fs.fstatSync(file).size <= maxHeldBytes) return fs.readFileSync(file);
  } finally {
    fs.closeSync(file);
  }
  if (reply.unread.length < maxListed) reply.unread.push(path);
  return null;
}

function ask(reply: Reply, path: string, line: number | undefined, text: string): void {
  if (reply.asked.length >= maxListed) return;
  const short = text.replace(/[^\x20-\x7e]/g, "?").slice(0, 120);
  reply.asked.push({
    path: path.slice(0, 1_000),
    ...(line === undefined ? {} : { line }),
    text: short,
  });
}

function askByWords(reply: Reply, path: string, text: string, words: RegExp): void {
  let [line, from, here] = [1, 0, 0];
  for (const match of text.matchAll(words)) {
    for (
      let at = text.indexOf("\n", from);
      at !== -1 && at < match.index;
      at = text.indexOf("\n", from)
    ) {
      line += 1;
      from = at + 1;
    }
    ask(reply, path, line, match[0].trim());
    if ((here += 1) >= 50) return;
  }
}

function makeCopy(
  entries: readonly Entry[],
  put: Readonly<Record<string, string>>,
  root: string,
  copy: string,
): void {
  fs.mkdirSync(copy);
  for (const { path, kind, changed } of entries) {
    const to = paths.join(copy, path);
    if (kind === "directory") fs.mkdirSync(to);
    else if (kind === "symlink") fs.symlinkSync(fs.readlinkSync(paths.join(root, path)), to);
    else if (changed !== null) fs.writeFileSync(to, changed);
    else fs.copyFileSync(paths.join(root, path), to, fs.constants.COPYFILE_FICLONE);
  }
  for (const [name, text] of Object.entries(put)) {
    const to = paths.join(copy, name);
    // Never through a link of the tree, on the way or at its end.
    let above = copy;
    for (const part of paths.dirname(name).split("/")) {
      above = paths.join(above, part);
      if (fs.lstatSync(above, { throwIfNoEntry: false })?.isDirectory() === false) fs.rmSync(above);
    }
    fs.mkdirSync(paths.dirname(to), { recursive: true });
    fs.rmSync(to, { recursive: true, force: true });
    fs.writeFileSync(to, text, { flag: "wx" });
  }
}

export function regexp(pattern: Pattern | null | undefined): RegExp | null {
  return pattern ? new RegExp(pattern.source, pattern.flags) : null;
}
