import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { createJsonSchemaTransform } from "fastify-type-provider-zod";

/** OpenAPI 3.1 from the same table that the server runs. */
export async function registerOpenapi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tidelock",
        version,
        description:
          "Release control plane. Every error is an `ErrorView`; `code` is for programs, `message` for people.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      components: {
        securitySchemes: { token: { type: "http", scheme: "bearer" } },
      },
      security: [{ token: [] }],
    },
    transform: createJsonSchemaTransform({
      zodToJsonConfig: { target: "draft-2020-12", unrepresentable: "any" },
    }),
  });
}
