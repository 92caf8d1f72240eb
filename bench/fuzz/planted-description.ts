const json = (schema: object) => ({ content: { "application/json": { schema } } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const answers = (status: string, schema: object | null, ...refusals: string[]) => ({
  [status]: { description: "ok", ...(schema === null ? {} : json(schema)) },
  ...Object.fromEntries(
    refusals.map((one) => [one, { description: "refused", ...json(ref("Refusal")) }]),
  ),
});
const id = { name: "id", in: "path", required: true, schema: { type: "integer", minimum: 1 } };

/** What the planted service says of itself: right in everything, but for what is planted. */
export const description = {
  openapi: "3.0.3",
  info: { title: "planted", version: "1" },
  paths: {
    "/health": {
      get: {
        responses: answers("200", {
          type: "object",
          required: ["ok"],
          properties: { ok: { type: "boolean" } },
        }),
      },
    },
    "/items": {
      get: {
        parameters: [
          { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100 } },
        ],
        responses: answers("200", { type: "array", items: ref("Item") }, "422"),
      },
      post: {
        requestBody: { required: true, ...json(ref("NewItem")) },
        responses: answers("201", ref("Item"), "400", "413", "422"),
      },
    },
    "/items/{id}": {
      parameters: [id],
      get: { responses: answers("200", ref("Item"), "400", "404") },
      put: {
        requestBody: { required: true, ...json(ref("NewItem")) },
        responses: answers("200", ref("Item"), "400", "404", "413", "422"),
      },
      delete: { responses: answers("204", null, "400", "404") },
    },
    "/search": {
      get: {
        parameters: [
          { name: "q", in: "query", required: true, schema: { type: "string", minLength: 1 } },
        ],
        responses: answers("200", { type: "array", items: { type: "integer" } }, "422"),
      },
    },
    "/notes": {
      post: {
        requestBody: {
          required: true,
          ...json({
            type: "object",
            required: ["text"],
            properties: { text: { type: "string", maxLength: 1000 } },
          }),
        },
        responses: answers("201", ref("Note"), "400", "413", "422"),
      },
    },
    "/notes/{id}": {
      parameters: [id],
      get: { responses: answers("200", ref("Note"), "400", "404") },
      delete: { responses: answers("204", null, "400", "404") },
    },
    "/orders": {
      post: {
        requestBody: {
          required: true,
          ...json({
            type: "object",
            required: ["day"],
            properties: { day: { type: "string", format: "date" } },
          }),
        },
        responses: answers("201", ref("Order"), "400", "413", "422"),
      },
    },
    "/orders/{id}/state": {
      put: {
        parameters: [id],
        requestBody: {
          required: true,
          ...json({
            type: "object",
            required: ["state"],
            properties: { state: { type: "string", enum: ["new", "paid", "sent"] } },
          }),
        },
        responses: answers("200", ref("Order"), "400", "404", "413", "422"),
      },
    },
    "/pictures": {
      post: {
        requestBody: {
          required: true,
          content: {
            "multipart/form-data": {
              schema: {
                type: "object",
                required: ["file"],
                properties: {
                  title: { type: "string" },
                  file: { type: "string", format: "binary" },
                },
              },
            },
          },
        },
        responses: answers(
          "201",
          { type: "object", properties: { bytes: { type: "integer" } } },
          "413",
          "422",
        ),
      },
    },
    "/import": {
      post: {
        requestBody: {
          required: true,
          content: {
            "application/xml": {
              schema: { type: "object", properties: { item: { type: "string" } } },
            },
          },
        },
        responses: answers(
          "200",
          { type: "object", properties: { imported: { type: "integer" } } },
          "413",
          "422",
        ),
      },
    },
    "/admin/report": {
      get: {
        security: [{ bearer: [] }],
        responses: answers(
          "200",
          { type: "object", properties: { items: { type: "integer" } } },
          "401",
        ),
      },
    },
  },
  components: {
    securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    schemas: {
      NewItem: {
        type: "object",
        required: ["name", "price"],
        properties: {
          name: { type: "string", minLength: 1, maxLength: 80 },
          price: { type: "number", minimum: 0, maximum: 1_000_000 },
          tags: { type: "array", items: { type: "string" } },
        },
      },
      Item: {
        type: "object",
        required: ["id", "name", "price", "tags"],
        properties: {
          id: { type: "integer" },
          name: { type: "string" },
          price: { type: "number" },
          tags: { type: "array", items: { type: "string" } },
        },
      },
      Note: {
        type: "object",
        required: ["id", "text"],
        properties: { id: { type: "integer" }, text: { type: "string" } },
      },
      Order: {
        type: "object",
        required: ["id", "day", "state"],
        properties: { id: { type: "integer" }, day: { type: "string" }, state: { type: "string" } },
      },
      Refusal: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
    },
  },
};
