import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import type { PromotionView } from "../../../src/api/views.ts";
import { act, queryClient } from "../api/queries.ts";
import { Problem } from "../parts/answer.tsx";

/** What may be done to it now: abort while it goes on, retry when it ended badly. */
export function PromotionActions({ promotion }: { readonly promotion: PromotionView }) {
  const { state, desired } = promotion;
  const open = state === "queued" || state === "running";
  if (open && desired !== "aborted") return <Action promotion={promotion} action="abort" />;
  const bad = state === "failed" || state === "rolled-back" || state === "aborted";
  return bad ? <Action promotion={promotion} action="retry" /> : null;
}

const texts = {
  abort: {
    button: "Abort…",
    question: "Abort this promotion? The live colour keeps serving, or gets its traffic back.",
    confirm: "Abort it",
  },
  retry: {
    button: "Retry…",
    question: "Start a new promotion of the same release into the same environment?",
    confirm: "Start it",
  },
} as const;

function Action({
  promotion,
  action,
}: {
  readonly promotion: PromotionView;
  readonly action: "abort" | "retry";
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  const text = texts[action];
  const mutation = useMutation({
    mutationFn: () => act(promotion.id, action),
    onSuccess: async (answer) => {
      dialog.current?.close();
      queryClient.setQueryData(["promotion", answer.id], answer);
      await queryClient.invalidateQueries();
      await navigate({ to: "/promotions/$id", params: { id: answer.id } });
    },
  });
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {text.button}
      </button>
      <dialog ref={dialog} aria-labelledby="question">
        <p id="question">
          <strong>
            {promotion.service}@{promotion.release.version} to {promotion.environment}
          </strong>
          <br />
          {text.question}
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
            {text.confirm}
          </button>
        </div>
      </dialog>
    </>
  );
}
