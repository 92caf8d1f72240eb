import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import type { PasskeyView } from "../../../src/api/routes/passkeys.ts";
import type { PasskeyUse } from "../../../src/model/webauthn.ts";
import { enrolPasskey, passkeysQuery, removePasskey } from "../api/passkey-queries.ts";
import { queryClient } from "../api/queries.ts";
import { Answer, Problem } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { Badge } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";
import { whyNoPasskeys } from "../passkeys/browser.ts";

export function PasskeysPage() {
  return (
    <Page title="Passkeys">
      <Passkeys />
    </Page>
  );
}

/** One's own passkeys: those that sign in, those that approve, and no key that does both. */
export function Passkeys() {
  const passkeys = useQuery(passkeysQuery);
  const why = whyNoPasskeys();
  return (
    <>
      {why === null ? null : <p className="callout">{why}</p>}
      <Answer query={passkeys}>
        {({ items }) => (
          <>
            <Section
              use="sign-in"
              title="To sign in"
              says="Signs you in, and approves nothing."
              items={items}
              works={why === null}
            />
            <Section
              use="approval"
              title="To approve"
              says="Signs approvals, and signs nobody in. It counts like any key of yours: in team mode when two people have signed it, and a day after it was added where it is not your first."
              items={items}
              works={why === null}
            />
          </>
        )}
      </Answer>
    </>
  );
}

interface Sectioned {
  readonly use: PasskeyUse;
  readonly title: string;
  readonly says: string;
  readonly items: readonly PasskeyView[];
  readonly works: boolean;
}

function Section({ use, title, says, items, works }: Sectioned) {
  const own = items.filter((one) => one.use === use);
  return (
    <section aria-labelledby={`passkeys-${use}`}>
      <h2 id={`passkeys-${use}`}>{title}</h2>
      <p className="muted">{says}</p>
      {own.length === 0 ? <p>There is none.</p> : <List use={use} items={own} />}
      {works ? <Enrol use={use} /> : null}
    </section>
  );
}

function List({
  use,
  items,
}: {
  readonly use: PasskeyUse;
  readonly items: readonly PasskeyView[];
}) {
  const label = use === "sign-in" ? "Passkeys to sign in" : "Passkeys to approve";
  return (
    <div className="scroll" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{use === "sign-in" ? "Name" : "Key"}</th>
            <th scope="col">Copies</th>
            <th scope="col">Works at</th>
            <th scope="col">Added</th>
            <th scope="col">Used last</th>
            <th scope="col">
              <span className="hidden">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                {one.use === "sign-in" ? (
                  <Foreign text={one.name} most={60} />
                ) : (
                  <code>{one.id.slice(0, 19)}…</code>
                )}
                {one.aaguid === null ? null : <div className="muted">model {one.aaguid}</div>}
              </th>
              <td>
                <Copies passkey={one} />
              </td>
              <td>
                <code>{one.rpId}</code>
              </td>
              <td>
                <When at={one.addedAt} />
              </td>
              <td>{one.lastUsedAt === null ? "-" : <When at={one.lastUsedAt} />}</td>
              <td>
                <Remove passkey={one} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the authenticator says of whether its key can leave it. */
function Copies({ passkey: { backupEligible, backedUp } }: { readonly passkey: PasskeyView }) {
  if (backupEligible === null) return <Badge tone="quiet">not known</Badge>;
  if (!backupEligible) return <Badge tone="good">stays on one device</Badge>;
  return <Badge tone="warn">{backedUp === true ? "copied to others" : "can be copied"}</Badge>;
}

function Remove({ passkey }: { readonly passkey: PasskeyView }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = `remove-${passkey.id}`;
  const mutation = useMutation({
    mutationFn: () => removePasskey(passkey.id),
    onSuccess: async () => {
      dialog.current?.close();
      await queryClient.invalidateQueries({ queryKey: ["passkeys"] });
    },
  });
  const what = passkey.use === "sign-in" ? passkey.name : passkey.id.slice(0, 19);
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Remove…<span className="hidden"> {what}</span>
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <p id={title}>
          Remove the passkey{" "}
          <strong>
            <Foreign text={what} most={60} />
          </strong>
          ? It works no more from then on, and cannot be added again.
        </p>
        {mutation.error === null ? null : <Problem error={mutation.error} />}
        <div className="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button
            type="button"
            className="primary"
            disabled={mutation.isPending}
            onClick={() => mutation.mutate()}
          >
            Remove it
          </button>
        </div>
      </dialog>
    </>
  );
}

function Enrol({ use }: { readonly use: PasskeyUse }) {
  const [said, setSaid] = useState("");
  const mutation = useMutation({
    mutationFn: (name: string) => enrolPasskey(use, name),
    onSuccess: async ({ waitsFor }) => {
      setSaid(
        waitsFor === undefined
          ? use === "sign-in"
            ? "It was added. What it lets you do counts from your next sign-in with it on."
            : "It was added."
          : `It counts when two people have signed it: tidelock policy show ${waitsFor}`,
      );
      await queryClient.invalidateQueries({ queryKey: ["passkeys"] });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSaid("");
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    mutation.mutate(name === "" ? "for approvals" : name);
  };
  return (
    <form className="row" onSubmit={submit}>
      {use === "sign-in" ? (
        <label>
          Name{" "}
          <input name="name" size={18} maxLength={60} required placeholder="laptop, blue key" />
        </label>
      ) : null}
      <button type="submit" className="primary" disabled={mutation.isPending}>
        {use === "sign-in" ? "Add a passkey to sign in" : "Add a passkey to approve"}
      </button>
      <span role="status">{said}</span>
      {mutation.error === null ? null : <Problem error={mutation.error} />}
    </form>
  );
}
