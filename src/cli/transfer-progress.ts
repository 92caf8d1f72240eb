import { bytesText } from "./output/words.ts";
import { clean, type Terminal } from "./terminal.ts";

/** What a long transfer says on stderr: one line that changes, or a plain line a phase where nobody looks. */
export interface TransferProgress {
  phase(text: string): void;
  /** A line that a program printed. */
  line(text: string): void;
  bytes(what: string, done: number, total: number): void;
  end(): void;
}

const redrawMs = 100;

export function transferProgress(terminal: Terminal): TransferProgress {
  let open = false;
  let phase = "";
  let drawnAt = 0;
  const close = (): void => {
    if (open) terminal.stderr.write("\r\x1b[K");
    open = false;
  };
  return {
    phase(text) {
      close();
      if (text !== phase) terminal.note(text);
      phase = text;
    },
    line(text) {
      close();
      terminal.note(`  ${clean(text)}`);
    },
    bytes(what, done, total) {
      if (!terminal.redraws) {
        if (phase !== what) terminal.note(`${what} ${bytesText(total)}`);
        phase = what;
        return;
      }
      const now = performance.now();
      if (now - drawnAt < redrawMs && done < total) return;
      drawnAt = now;
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
      terminal.stderr.write(
        `\r\x1b[K${what} ${bytesText(done)} of ${bytesText(total)} (${percent} %)`,
      );
      open = true;
    },
    end: close,
  };
}
