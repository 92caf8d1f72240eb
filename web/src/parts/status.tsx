import type { ReactNode } from "react";

/** What a state means at a glance. Never shown by its colour alone: an icon and a word stand beside it. */
export type Tone = "good" | "warn" | "bad" | "wait" | "busy" | "quiet";

const icons: Readonly<Record<Tone, ReactNode>> = {
  good: <path d="M3 8.5l3.2 3.2L13 5" />,
  warn: <path d="M8 3v6M8 12.6v.1" />,
  bad: <path d="M4 4l8 8M12 4l-8 8" />,
  wait: <path d="M5.5 4v8M10.5 4v8" />,
  busy: <path d="M8 2.5a5.5 5.5 0 1 1-5.2 3.7M2.5 2.8v3.6h3.6" />,
  quiet: <path d="M3.5 8h9" />,
};

export function Icon({ tone }: { readonly tone: Tone }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {icons[tone]}
    </svg>
  );
}

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={`badge ${tone}`}>
      <Icon tone={tone} />
      {children}
    </span>
  );
}

const tones: Readonly<Record<string, Tone>> = {
  // promotions
  complete: "good",
  failed: "bad",
  "rolled-back": "bad",
  aborted: "quiet",
  superseded: "quiet",
  running: "busy",
  queued: "quiet",
  // steps
  pending: "quiet",
  waiting: "wait",
  done: "good",
  compensated: "quiet",
  skipped: "quiet",
  // verdicts
  pass: "good",
  warn: "warn",
  fail: "bad",
  error: "bad",
  inconclusive: "wait",
  partial: "wait",
  missing: "wait",
  stale: "wait",
  // decisions
  allow: "good",
  "break-glass": "bad",
  deny: "bad",
  wait: "wait",
  // colours of a lane
  ready: "good",
  starting: "busy",
  degraded: "bad",
  empty: "quiet",
  unknown: "wait",
};

/** Any state of the API as a badge; one that this page does not know yet is shown as it is. */
export function State({ state }: { readonly state: string }) {
  return <Badge tone={tones[state] ?? "quiet"}>{state.replaceAll("-", " ")}</Badge>;
}

const severityTones: Readonly<Record<string, Tone>> = {
  critical: "bad",
  high: "bad",
  medium: "warn",
};

/** How bad a hit is. Whether it fails the check is another question: the demand says from where on. */
export function Severity({ severity }: { readonly severity: string }) {
  return <Badge tone={severityTones[severity] ?? "quiet"}>{severity}</Badge>;
}

export function Colour({ colour }: { readonly colour: "blue" | "green" }) {
  return (
    <span className={`colour ${colour}`}>
      <svg className="icon filled" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        {colour === "blue" ? (
          <circle cx="8" cy="8" r="5" />
        ) : (
          <rect x="3.5" y="3.5" width="9" height="9" />
        )}
      </svg>
      {colour}
    </span>
  );
}
