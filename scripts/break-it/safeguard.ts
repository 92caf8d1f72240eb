/** One change of one source file: `text` must stand there exactly once. */
export interface Edit {
  /** Relative to the root. */
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
}

/** A test, or several that share a beginning, as vitest names them: part of the full name is enough. */
export interface NamedTest {
  readonly file: string;
  readonly name: string;
}

/** A safeguard, how to switch it off, and who notices. */
export interface Safeguard {
  /** What `npm run break-it -- <name>` takes. */
  readonly name: string;
  readonly prevents: string;
  /** What is switched off, in words. */
  readonly off: string;
  readonly edits: readonly Edit[];
  /** At least one of them fails once it is off. */
  readonly noticedBy: readonly NamedTest[];
  /** Still passes then: what was switched off is the safeguard, not the program. */
  readonly unaffected: NamedTest;
}
