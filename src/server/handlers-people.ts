import type { ControlPlane } from "../ports/control-plane.ts";
import type { Handlers } from "./routes.ts";

type Names =
  | "reviewList"
  | "reviewStart"
  | "reviewShow"
  | "reviewSign"
  | "personSponsors"
  | "personVouch"
  | "personStanding"
  | "accessUnused";

/** Calls about who stands behind whom, who is here, and reviews of who can do what. */
export function peopleHandlers(controlPlane: ControlPlane): Pick<Handlers, Names> {
  return {
    async reviewList({ query }) {
      return { items: [...(await controlPlane.reviews.list(query.limit))] };
    },
    reviewStart: ({ actor, body }) => controlPlane.reviews.start(actor, body),
    reviewShow: ({ params }) => controlPlane.reviews.show(params.id),
    reviewSign: ({ actor, params, body }) =>
      controlPlane.reviews.sign(actor, params.id, Buffer.from(body.envelope, "base64")),
    personSponsors: ({ params }) => controlPlane.people.sponsors(params.name),
    personVouch: ({ actor, params, body }) =>
      controlPlane.people.vouch(actor, params.name, Buffer.from(body.envelope, "base64")),
    personStanding: ({ actor, params, body }) =>
      controlPlane.people.setStanding(actor, params.name, body),
    accessUnused: ({ query }) => controlPlane.access.unused(query.days),
  };
}
