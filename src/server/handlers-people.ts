import type { ControlPlane } from "../ports/control-plane.ts";
import type { Handlers } from "./routes.ts";

type Names =
  | "reviewStart"
  | "reviewShow"
  | "reviewSign"
  | "personSponsors"
  | "personToVouch"
  | "personVouch"
  | "personStanding"
  | "accessUnused"
  | "catalogueTests"
  | "catalogueTools"
  | "catalogueManual"
  | "releaseChain";

/** Calls about who stands behind whom, who is here, and reviews of who can do what. */
export function peopleHandlers(controlPlane: ControlPlane): Pick<Handlers, Names> {
  return {
    releaseChain: ({ params }) => controlPlane.releaseChain(params.service, params.release),
    async catalogueTests({ query }) {
      return { items: [...(await controlPlane.catalogue.tests(given(query)))] };
    },
    async catalogueTools({ query }) {
      return { items: [...(await controlPlane.catalogue.tools(given(query)))] };
    },
    async catalogueManual({ query }) {
      return { items: [...(await controlPlane.catalogue.manual(given(query)))] };
    },
    reviewStart: ({ actor, body }) => controlPlane.reviews.start(actor, body),
    reviewShow: ({ params }) => controlPlane.reviews.show(params.id),
    reviewSign: ({ actor, params, body }) =>
      controlPlane.reviews.sign(actor, params.id, Buffer.from(body.envelope, "base64")),
    personSponsors: ({ params }) => controlPlane.people.sponsors(params.name),
    personToVouch: ({ actor, params }) =>
      controlPlane.people.sponsors(params.name, actor.principal?.person ?? null),
    personVouch: ({ actor, params, body }) =>
      controlPlane.people.vouch(actor, params.name, Buffer.from(body.envelope, "base64")),
    personStanding: ({ actor, params, body }) =>
      controlPlane.people.setStanding(actor, params.name, body),
    accessUnused: ({ query }) => controlPlane.access.unused(query.days),
  };
}

function given({
  service,
  environment,
}: {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
}) {
  return {
    ...(service === undefined ? {} : { service }),
    ...(environment === undefined ? {} : { environment }),
  };
}
