import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { SignerView } from "../../../src/model/signer-view.ts";
import { queryClient } from "../api/queries.ts";
import { whyNoPasskeys } from "../passkeys/browser.ts";
import { challengeText, type Prepared, signWithPasskey } from "../passkeys/sign.ts";
import { Problem } from "./answer.tsx";
import { Foreign, foreignLines } from "./foreign.tsx";
import { Badge } from "./status.tsx";

/** A digest that this page has computed itself, beside what the server said of it. */
export interface ComparedDigest {
  readonly what: string;
  readonly said: string;
  readonly here: string;
}

export interface ToSign {
  readonly prepared: Prepared;
  readonly signer: SignerView;
  /** Somebody can still sign it. */
  readonly open: boolean;
  /** What the server sent contradicts itself: nobody should sign it. */
  readonly problem?: string | null;
  /** What is still to be filled in, in sentences. */
  readonly missing?: readonly string[];
  /** Why it would not count, whatever the key. */
  readonly against?: string | null;
  /** With a passkey that would not count, too: a rejection. */
  readonly anyKey?: boolean;
  /** What can be done about it. */
  readonly wayOut?: string | null;
  /** What to do instead of what would not count. */
  readonly otherwise?: string;
  /** What they give: an approval, an answer, a signature, a review. */
  readonly noun: string;
  /** `Approve`: the button says with what. */
  readonly verb: string;
  /** Once they have. */
  readonly done: string;
  /** Hands it in, and answers what the page shows from then on. */
  readonly handIn: (signed: string) => Promise<unknown>;
  /** Words of the command that prints the same text and challenge elsewhere, and what it needs besides. */
  readonly command: readonly string[];
  readonly file?: { readonly name: string; readonly content: string };
  readonly digests?: readonly ComparedDigest[];
  /** What somebody may say in it. */
  readonly children?: ReactNode;
}

/**
 * The one way to sign with a passkey here, whatever it is: first what somebody may say, then what is signed, in words that
 * this page made of it, then the button, or why there is none; last what another machine has to come to.
 */
export function ReadThenSign(of: ToSign) {
  const { prepared, signer, open, problem = null, children } = of;
  const here = signer.passkeys.filter(({ origins }) => origins.includes(location.origin));
  const not = whyNot(of, here.length);
  const signs = open && problem === null && not === null;
  const mutation = useMutation({
    mutationFn: async () => {
      // What would not count is not asked to sign, unless it does not matter.
      const fitting = here.filter((one) => of.anyKey === true || one.against === null);
      return of.handIn(await signWithPasskey(prepared, fitting));
    },
    onSuccess: async () => queryClient.invalidateQueries(),
  });
  return (
    <>
      {signs ? (
        <form
          id="sign"
          className="answer"
          onSubmit={(event) => {
            event.preventDefault();
            mutation.mutate();
          }}
        >
          {children === undefined ? null : <h2>Your {of.noun}</h2>}
          {children}
        </form>
      ) : null}
      <section aria-labelledby="signed">
        <h2 id="signed">What {open ? "you sign" : "was asked to be signed"}</h2>
        {problem === null ? null : (
          <p className="problem" role="alert">
            <Badge tone="bad">do not sign</Badge> <Foreign text={problem} most={500} />. Sign
            nothing, and ask whoever runs the server.
          </p>
        )}
        <pre className="prose" tabIndex={0} aria-labelledby="signed">
          {foreignLines(prepared.lines.join("\n"))}
        </pre>
        {signer.person === null ? null : (
          <p className="muted">
            {signer.person.person} is you: <Foreign text={signer.person.name ?? ""} most={200} />
          </p>
        )}
      </section>
      {signs ? (
        <Press {...of} here={here} waits={mutation.isPending} />
      ) : open && problem === null ? (
        <p className="callout">
          {not} {signer.person === null ? null : <Link to="/passkeys">Your passkeys</Link>}
        </p>
      ) : signer.answered ? (
        // What was signed last may have ended it: who signed still reads that it was taken.
        <p className="callout">{of.done}</p>
      ) : null}
      {mutation.error === null ? null : <Problem error={mutation.error} />}
      <CompareElsewhere {...of} />
    </>
  );
}

/** What is missing, what stands against it, and the button. */
function Press(of: ToSign & { readonly here: SignerView["passkeys"]; readonly waits: boolean }) {
  const { here, missing = [], anyKey = false } = of;
  const noKey = here.every((one) => one.against !== null) ? (here[0]?.against ?? null) : null;
  const standing = anyKey ? null : (of.against ?? noKey);
  return (
    <div className="answer">
      {missing.length === 0 ? null : (
        <div className="callout" id="missing" role="status">
          Before you can sign:
          <ul>
            {missing.map((one) => (
              <li key={one}>
                <Foreign text={one} most={300} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {standing === null ? null : (
        <p className="callout" id="standing">
          Your {of.noun} would not count: <Foreign text={standing} most={1_000} />.
          {of.wayOut === undefined || of.wayOut === null ? null : (
            <>
              {" "}
              <Foreign text={`What helps: ${of.wayOut}.`} most={1_000} />
            </>
          )}
          {of.against === null || of.otherwise === undefined ? "" : ` ${of.otherwise}`}
        </p>
      )}
      <button
        type="submit"
        form="sign"
        className="primary"
        disabled={standing !== null || missing.length > 0 || of.waits}
        {...(standing === null ? {} : { "aria-describedby": "standing" })}
      >
        {of.verb} with passkey
      </button>
    </div>
  );
}

/** Why there is nothing to press, with what to do about it; null: there is. */
function whyNot({ signer, done }: ToSign, passkeys: number): string | null {
  if (signer.person === null) {
    return "Who is signed in here is no person: sign in as yourself to sign, or sign on the command line.";
  }
  if (!signer.may) {
    return "No role of yours lets you hand in a signature here, or you signed in with a password alone: then sign in with a passkey or a second factor.";
  }
  if (signer.answered) return done;
  const noBrowser = whyNoPasskeys();
  if (noBrowser !== null) return noBrowser;
  if (passkeys > 0) return null;
  return signer.passkeys.length > 0
    ? "Your passkeys for approvals were enrolled under another address of this server. Open it there, or enrol one here."
    : "You have no passkey for approvals. Add one, or sign with a key file on the command line.";
}

/** A browser has no trusted display: whoever doubts this page lets another machine say what has to come out. */
function CompareElsewhere({ prepared, command, file, digests = [] }: ToSign) {
  return (
    <details className="why">
      <summary>Compare it on another machine</summary>
      <p>
        This page computed everything below itself. A page can lie all the same: on a machine that
        you trust more, this has to print the same text and the same challenge.
      </p>
      {file === undefined ? null : (
        <>
          <p>
            Put this into <code>{file.name}</code> there:
          </p>
          <pre tabIndex={0} aria-label="File">
            {foreignLines(file.content)}
          </pre>
        </>
      )}
      <pre tabIndex={0} aria-label="Command">
        {command.join(" ")}
      </pre>
      <dl className="inline">
        <dt>Text</dt>
        <dd>
          <code className="digest">{prepared.text}</code>
        </dd>
        <dt>Challenge</dt>
        <dd>
          <code className="digest" data-challenge>
            {challengeText(prepared)}
          </code>
        </dd>
        {digests.map(({ what, said, here }) => (
          <DigestLine key={what} what={what} same={said === here} here={here} />
        ))}
      </dl>
    </details>
  );
}

function DigestLine({
  what,
  same,
  here,
}: {
  readonly what: string;
  readonly same: boolean;
  readonly here: string;
}) {
  return (
    <>
      <dt>{what}, computed here</dt>
      <dd>
        {same ? <Badge tone="good">the same</Badge> : <Badge tone="bad">another one</Badge>}{" "}
        <code className="digest">{here}</code>
      </dd>
    </>
  );
}
