/**
 * Broken documents, each with the diagnostics it must give: `line:column severity rule: message | hint`.
 */

/** A document (with further files and overlays beside it) and everything that must be said of it. */
export interface Broken {
  readonly title: string
  readonly document: string
  readonly files?: Readonly<Record<string, string>>
  readonly overlays?: ReadonlyArray<string>
  readonly expected: ReadonlyArray<string>
}

const head = `openapi: 3.1.0
info: { title: T, version: "1" }
`

/** A document whose scheme `s` has this x-session, with a sign-in, a refresh and a sign-out to refer to. */
const session = (xSession: string, signInSecurity = "[]") => `${head}security: [{ s: [] }]
paths:
  /in:
    post:
      operationId: signIn
      security: ${signInSecurity}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [user, secret]
              properties: { user: { type: string }, secret: { type: string }, otp: { type: string } }
      responses:
        "200":
          description: Tokens.
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Tokens" }
  /refresh:
    post:
      operationId: refresh
      security: []
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              properties: { grant_type: { const: refresh_token }, refresh_token: { type: string } }
      responses:
        "200":
          description: Tokens.
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Tokens" }
  /out:
    post:
      operationId: signOut
      responses: { "204": { description: Gone. } }
components:
  schemas:
    Tokens:
      type: object
      properties:
        access: { type: string }
        renew: { type: string }
        seconds: { type: integer }
        list: { type: array, items: { type: string } }
  securitySchemes:
    s:
      type: http
      scheme: bearer
      x-session:
${xSession.replace(/^/gm, "        ")}
`

const signIn = `signIn:
  operationId: signIn
  grant: password
  request: { user: $credentials.login, secret: $credentials.password }
response: { accessToken: $response.body#/access }`

export const broken: ReadonlyArray<Broken> = [
  {
    title: "an empty file",
    document: "\n",
    expected: ["? error empty-document: the document is empty"]
  },
  {
    title: "JSON with a comma too many",
    document: '{\n  "openapi": "3.1.0",\n  "info": { "title": "T", "version": "1", }\n}\n',
    expected: ["3:43 error json-syntax: expected a key in double quotes"]
  },
  {
    title: "JSON that ends early",
    document: '{ "openapi": "3.1.0", "info": {',
    expected: ["1:32 error json-syntax: expected a key in double quotes"]
  },
  {
    title: "YAML with a key twice",
    document: `${head}paths: {}\npaths: {}\n`,
    expected: ["4:1 error duplicate-key: Map keys must be unique"]
  },
  {
    title: "YAML indented with a tab",
    document: `openapi: 3.1.0\ninfo:\n\ttitle: T\n`,
    expected: ["3:1 error yaml-syntax: Tabs are not allowed as indentation | indent with spaces"]
  },
  {
    title: "a YAML flow that does not close",
    document: `${head}paths: {\n`,
    expected: ["4:1 error yaml-syntax: Flow map in block collection must be sufficiently indented and end with a }"]
  },
  {
    title: "no OpenAPI at all",
    document: "hello: world\n",
    expected: [
      '1:1 error openapi-version: the document does not say which version of OpenAPI it uses: "openapi" is missing | supported are OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0'
    ]
  },
  {
    title: "a list",
    document: "- a\n",
    expected: [
      "1:1 error openapi-version: this is no OpenAPI document | it must be an object that begins with openapi: 3.1.1"
    ]
  },
  {
    title: "a slip in the first key",
    document: `openAPI: 3.1.0\ninfo: { title: T, version: "1" }\n`,
    expected: ['1:10 error openapi-version: "openAPI" is not how an OpenAPI document begins | write openapi: 3.1.1']
  },
  {
    title: "a version of the future",
    document: "openapi: 4.0.0\n",
    expected: [
      "1:10 error openapi-version: OpenAPI 4.0.0 is not supported | supported are OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0"
    ]
  },
  {
    title: "Swagger 1.2",
    document: 'swagger: "1.2"\n',
    expected: [
      "1:10 error openapi-version: Swagger 1.2 is not supported | supported are OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0"
    ]
  },
  {
    title: "an AsyncAPI document",
    document: "asyncapi: 3.0.0\n",
    expected: [
      "1:11 error openapi-version: this is an asyncapi document, not an OpenAPI document | supported are OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0"
    ]
  },
  {
    title: "an overlay in the document's place",
    document: "overlay: 1.1.0\n",
    expected: ["1:10 error openapi-version: this is an overlay, not an OpenAPI document | give it with --overlay"]
  },
  {
    title: "paths as a list",
    document: `${head}paths: []\n`,
    expected: ["3:8 error structure: expected Paths (an object), found array"]
  },
  {
    title: "parameters as an object",
    document: `${head}paths:\n  /a:\n    get:\n      parameters: { name: q }\n      responses: { "200": { description: A. } }\n`,
    expected: ["6:19 error structure: expected ParameterList (an array), found object"]
  },
  {
    title: "a reference to nothing",
    document: `${head}paths:\n  /a:\n    get:\n      responses: { "200": { $ref: "#/components/responses/Peds" } }\ncomponents:\n  responses: { Pets: { description: A. } }\n`,
    expected: ['6:35 error unresolved-ref: there is nothing at #/components/responses/Peds | did you mean "Pets"?']
  },
  {
    title: "references that lead in a circle",
    document: `${head}paths: {}\ncomponents:\n  schemas:\n    A: { $ref: "#/components/schemas/B" }\n    B: { $ref: "#/components/schemas/A" }\n`,
    expected: [
      "6:16 error ref-cycle: #/components/schemas/B leads back to itself | a reference must end at a value",
      "7:16 error ref-cycle: #/components/schemas/A leads back to itself | a reference must end at a value"
    ]
  },
  {
    title: "a reference to a file that is not there",
    document: `${head}paths:\n  /a: { $ref: "./a.yaml" }\n`,
    expected: [
      "4:15 error unresolved-ref: there is no file a.yaml | paths are relative to the working directory, or to the file that refers to them"
    ]
  },
  {
    title: "a reference to nothing in another file",
    document: `${head}paths:\n  /a: { $ref: "./a.yaml#/b" }\n`,
    files: { "a.yaml": "get: { responses: {} }\n" },
    expected: ["4:15 error unresolved-ref: a.yaml has nothing at #/b"]
  },
  {
    title: "a syntax error in another file",
    document: `${head}paths:\n  /a: { $ref: "./a.yaml" }\n`,
    files: { "a.yaml": "get: {\n" },
    expected: [
      "a.yaml:2:1 error yaml-syntax: Flow map in block collection must be sufficiently indented and end with a }"
    ]
  },
  {
    title: "an unreachable URL",
    document: `${head}paths:\n  /a: { $ref: "http://127.0.0.1:1/a.yaml" }\n`,
    expected: [
      "4:15 error unresolved-ref: http://127.0.0.1:1/a.yaml cannot be fetched: bad port | check the address and the network; a proxy is taken from NODE_USE_ENV_PROXY and HTTPS_PROXY"
    ]
  },
  {
    title: "aliases that grow without bound",
    document: `${head}x: &a [1,1,1,1,1,1,1,1,1,1]\n${"bcdefghi"
      .split("")
      .map((name, index) => `x-${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[index]}`).join(",")}]\n`)
      .join("")}`,
    expected: [
      "4:10 error alias-explosion: aliases blow this document up to 1,234,567,904 values | use $ref instead of nested aliases"
    ]
  },
  {
    title: "an alias that contains itself",
    document: `${head}paths: {}\nx-a: &a { again: *a }\n`,
    expected: ["4:18 error alias-cycle: an alias contains itself | write the values out"]
  },
  {
    title: "a scheme that nobody declared",
    document: `${head}paths:\n  /a:\n    get:\n      security: [{ tokn: [] }]\n      responses: { "200": { description: A. } }\ncomponents: { securitySchemes: { token: { type: http, scheme: bearer } } }\n`,
    expected: ['6:20 error security-defined: there is no security scheme "tokn" | did you mean "token"?']
  },
  {
    title: "a scope that no flow declares",
    document: `${head}security: [{ o: [pets.raed] }]\npaths: { /a: { get: { responses: { "200": { description: A. } } } } }\ncomponents:\n  securitySchemes:\n    o: { type: oauth2, flows: { clientCredentials: { tokenUrl: /t, scopes: { pets.read: Read. } } } }\n`,
    expected: ['3:18 error security-scope: no flow of "o" declares the scope "pets.raed" | did you mean "pets.read"?']
  },
  {
    title: "security as an object",
    document: `${head}security: { s: [] }\npaths: {}\ncomponents: { securitySchemes: { s: { type: http, scheme: basic } } }\n`,
    expected: [
      '3:11 error security-requirement: "security" must be a list of requirements | write each alternative as an item: - scheme: []'
    ]
  },
  {
    title: "a requirement as a text",
    document: `${head}security: [s]\npaths: {}\ncomponents: { securitySchemes: { s: { type: http, scheme: basic } } }\n`,
    expected: [
      "3:12 error security-requirement: a requirement must be an object that maps scheme names to lists of scopes | write s: []"
    ]
  },
  {
    title: "a requirement without its list",
    document: `${head}security: [{ s: }]\npaths: {}\ncomponents: { securitySchemes: { s: { type: http, scheme: basic } } }\n`,
    expected: [
      '3:17 error security-requirement: the requirement "s" must hold a list of scopes, which may be empty | write s: []'
    ]
  },
  {
    title: "schemes with slips",
    document: `${head}paths: {}
components:
  securitySchemes:
    a: { type: apikey, in: header, name: X }
    b: { type: apiKey, in: body, name: X }
    c: { type: apiKey, in: header }
    d: { type: http }
    e: { type: oauth2 }
    f: { type: oauth2, flows: { authorisationCode: {} } }
    g: { type: oauth2, flows: { authorizationCode: { tokenUrl: /t, scopes: {} } } }
    h: { type: openIdConnect }
    i: { scheme: bearer }
`,
    expected: [
      '6:16 error security-scheme: "apikey" is no type of security scheme | did you mean "apiKey"?',
      '7:28 error security-scheme: an apiKey cannot be in "body" | known here: "header", "query", "cookie"',
      '8:5 error security-scheme: a scheme of type apiKey needs "name"',
      '9:5 error security-scheme: a scheme of type http needs "scheme"',
      '10:5 error security-scheme: a scheme of type oauth2 needs "flows"',
      '11:33 error security-scheme: "authorisationCode" is no OAuth flow | did you mean "authorizationCode"?',
      '12:33 error security-scheme: the authorizationCode flow needs "authorizationUrl"',
      '13:5 error security-scheme: a scheme of type openIdConnect needs "openIdConnectUrl"',
      '14:5 error security-scheme: a security scheme needs "type" | known here: "apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"'
    ]
  },
  {
    title: "an x-session with slips in its keys",
    document: session(`${signIn}\nsignout: { operationId: signOut }\nlifetime: { acces: { idle: PT1H } }`),
    expected: [
      '61:9 error x-session: "signout" is not a key of x-session | did you mean "signOut"?',
      '62:21 error x-session: "acces" is not a key of "lifetime" | did you mean "access"?'
    ]
  },
  {
    title: "an x-session with wrong values",
    document: session(
      `${signIn}\nlifetime: { access: { idle: 24h, expiry: maybe } }\nlimit: { sessions: 0, onExcess: evict }\nrefresh: { operationId: refresh, reuse: { grace: 30 } }`
    ),
    expected: [
      '61:37 error x-session: "24h" is not a duration | write an ISO 8601 duration without years and months, such as PT24H, P7D or PT0.5S',
      '61:50 error x-session: "expiry" cannot be "maybe" | known here: "strict", "hint", "none"',
      '62:28 error x-session: "sessions" must be at least 1',
      '62:41 error x-session: "onExcess" cannot be "evict" | known here: "evict-oldest", "reject"',
      "63:58 error x-session: 30 is not a duration | write an ISO 8601 duration without years and months, such as PT24H, P7D or PT0.5S"
    ]
  },
  {
    title: "an x-session that names no operation",
    document: session(`${signIn}\nsignOut: { operationId: logOut }`),
    expected: [
      '61:33 error x-session-operation: there is no operation "logOut" | known here: "signIn", "signOut", "refresh"'
    ]
  },
  {
    title: "a sign-in that needs the session it begins",
    document: session(signIn, "[{ s: [] }]"),
    expected: [
      '57:24 error x-session-security: "signIn" requires "s", the very session that signIn is to obtain | give the operation security: [], in the document or by an overlay'
    ]
  },
  {
    title: "an x-session with fields that its operations do not have",
    document: session(`signIn:
  operationId: signIn
  grant: password
  request: { usr: $credentials.login }
refresh:
  operationId: refresh
  request: { grant_type: refresh, refresh_token: $session.refreshTokn }
signOut:
  operationId: signOut
  request: { all: true }
response: { accessToken: $response.body#/access }`),
    expected: [
      '59:11 error x-session-field: the request of "signIn" needs "user", and signIn does not give it | add user to request',
      '59:11 error x-session-field: the request of "signIn" needs "secret", and signIn does not give it | add secret to request',
      '59:22 error x-session-field: the request of "signIn" has no field "usr" | did you mean "user"?',
      '62:34 error x-session-field: "grant_type" of "refresh" cannot be "refresh" | known here: "refresh_token"',
      "62:58 error x-session-expression: $session.refreshTokn cannot be part of the request of refresh | write $session.refreshToken, $session.accessToken, $session.scope, $credentials.name, or a constant",
      '65:22 error x-session-field: "signOut" takes no request body, so it has no field "all" | declare the operation\'s requestBody'
    ]
  },
  {
    title: "an x-session with expressions that find nothing",
    document: session(`signIn:
  operationId: signIn
  grant: password
  request: { user: $session.accessToken, secret: $credentials.password }
response:
  accessToken: $response.body#/acess
  refreshToken: $response.body#/list
  expiresIn: $response.body#/seconds
  expiresAt: $response.status`),
    expected: [
      "59:28 error x-session-expression: $session.accessToken cannot be part of the request of signIn | write $credentials.name, or a constant",
      '61:24 error x-session-expression: the answer of "signIn" has no "acess" | did you mean "access"?',
      '62:25 error x-session-expression: "refreshToken" cannot be read from a value of type array',
      "64:22 error x-session-expression: $response.status is not an expression on the answer | write $response.body#/pointer or $response.header.Name"
    ]
  },
  {
    title: "an x-session that does not say where the token is",
    document: session("signIn: { operationId: signIn, grant: password, request: { user: a, secret: b } }"),
    expected: [
      '56:9 error x-session: nothing says where the answer of "signIn" keeps the access token | add response: { accessToken: $response.body#/access_token }'
    ]
  },
  {
    title: "an overlay of another version",
    document: `${head}paths: {}\n`,
    files: { "o.yaml": "overlay: 2.0.0\nactions: [{ target: $, update: {} }]\n" },
    overlays: ["o.yaml"],
    expected: [
      "o.yaml:1:10 error overlay-version: Overlay 2.0.0 is not supported | supported are Overlay 1.0 and 1.1: overlay: 1.1.0"
    ]
  },
  {
    title: "an overlay with slips",
    document: `${head}paths: { /a: { get: { tags: [x], responses: {} } } }\n`,
    files: {
      "o.yaml": `overlay: 1.1.0
info: { title: O, version: "1" }
actions:
  - target: $.info
    updat: { title: U }
  - target: $.paths[/a]
    remove: true
  - target: $.paths['/a'].get
    update: { tags: none }
  - target: $.info
    copy: $.paths.*.*.nothing
  - target: $.infos
    remove: true
  - target: $.info
  - update: {}
  - target: $.paths['/a']['get','tags']
    update: {}
  - target: $.info.title
    update: [no]
`
    },
    overlays: ["o.yaml"],
    expected: [
      'o.yaml:5:5 error overlay-action: "updat" is not a key of an action | did you mean "update"?',
      "o.yaml:6:13 error overlay-action: this is not an RFC 9535 JSONPath at character 9: unexpected \"/\" | paths begin with $; keys with other characters than letters and digits are quoted: $.paths['/pets'].get",
      'o.yaml:9:21 error overlay-action: "tags" is an array, and cannot be merged with "none" | remove it in an action before',
      'o.yaml:11:11 error overlay-action: "copy" must select one node, and this selects 0',
      'o.yaml:12:13 warning overlay-unmatched: this target matches nothing | $ has no "infos": did you mean "info"?',
      "o.yaml:14:5 error overlay-action: this action does nothing | add update, copy, or remove: true",
      "o.yaml:15:5 error overlay-action: an action needs a target | an RFC 9535 JSONPath, such as $.info",
      'o.yaml:19:13 error overlay-action: "T" cannot be replaced by an array'
    ]
  },
  {
    title: "an overlay that is not there",
    document: `${head}paths: {}\n`,
    overlays: ["o.yaml"],
    expected: [
      "o.yaml:? error unreadable-document: there is no file o.yaml | paths are relative to the working directory, or to the file that refers to them"
    ]
  },
  {
    title: "a mistake that an overlay brought in, told at the overlay",
    document: `${head}paths: { /a: { get: { responses: {} } } }\n`,
    files: {
      "o.yaml": `overlay: 1.1.0
info: { title: O, version: "1" }
actions:
  - target: $
    update:
      security: [{ key: [] }]
`
    },
    overlays: ["o.yaml"],
    expected: [
      'o.yaml:6:20 error security-defined: there is no security scheme "key" | declare it under components.securitySchemes'
    ]
  },
  {
    title: "Swagger 2.0 with references to nothing, told where they were written",
    document: `swagger: "2.0"
info: { title: T, version: "1" }
paths:
  /a:
    post:
      parameters:
        - { name: b, in: body, schema: { $ref: "#/definitions/Pett" } }
      responses:
        200: { description: A., schema: { $ref: "#/definitions/Pat" } }
definitions:
  Pet: { type: object, properties: { parent: { $ref: "#/definitions/Nobody" } } }
`,
    expected: [
      '7:9 error unresolved-ref: there is nothing at #/definitions/Pett | did you mean "Pet"?',
      '9:49 error unresolved-ref: there is nothing at #/definitions/Pat | did you mean "Pet"?',
      '11:54 error unresolved-ref: there is nothing at #/definitions/Nobody | known here: "Pet"'
    ]
  },
  {
    title: "Swagger 2.0 with a slip in its security",
    document: `swagger: "2.0"
info: { title: T, version: "1" }
securityDefinitions:
  o: { type: oauth2, flow: application, tokenUrl: /t, scopes: { read: Read. } }
security: [{ o: [red] }]
paths:
  /a: { get: { security: [{ p: [] }], responses: { 200: { description: A. } } } }
`,
    expected: [
      '5:18 error security-scope: no flow of "o" declares the scope "red" | did you mean "read"?',
      '7:29 error security-defined: there is no security scheme "p" | did you mean "o"?'
    ]
  }
]
