import { defineConfig } from "vitepress"
import { addressOf, entryAddress, hasPages, packages } from "../src/workspace.ts"

const page = (text: string, link: string) => ({ text, link })

/** Who reads without scripts gets the theme that their system asks for; with scripts the switch decides. */
const darkWithoutScripts = `
@media (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --vp-c-bg: #1b1b1f; --vp-c-bg-alt: #161618; --vp-c-bg-elv: #202127; --vp-c-bg-soft: #202127;
    --vp-c-text-1: #dfdfd6; --vp-c-text-2: #a3a3ac; --vp-c-text-3: #8a8a92;
    --vp-c-border: #3c3f44; --vp-c-divider: #2e2e32; --vp-c-gutter: #000;
    --vp-c-brand-1: #6fd6c3; --vp-c-brand-2: #4cbba7; --vp-code-color: #6fd6c3; --vp-code-block-bg: #161618;
  }
  .vp-code span { color: var(--shiki-dark, inherit) }
}`

const guide = [
  {
    text: "Start",
    items: [page("What it is", "/"), page("Five-minute start", "/start"), page("Compared with peers", "/comparison")]
  },
  {
    text: "Concepts",
    items: [
      page("The session", "/concepts/session"),
      page("One renewal", "/concepts/renewal"),
      page("The contract", "/concepts/contract"),
      page("Errors", "/concepts/errors")
    ]
  },
  {
    text: "Guides",
    items: [
      page("Share a session across workers", "/guides/share-a-session"),
      page("Your own API", "/guides/your-own-api"),
      page("Test your app", "/guides/testing"),
      page("Write a grant", "/guides/write-a-grant"),
      page("Write a store", "/guides/write-a-store"),
      page("Look after sessions", "/guides/sessions"),
      page("Run a fleet", "/project/scaling"),
      page("Watch a session", "/project/observability")
    ]
  },
  {
    text: "Moving from",
    items: [
      page("openapi-fetch middleware", "/guides/moving/openapi-fetch"),
      page("axios interceptors", "/guides/moving/axios"),
      page("hey-api", "/guides/moving/hey-api"),
      page("simple-oauth2", "/guides/moving/simple-oauth2")
    ]
  },
  {
    text: "Security",
    items: [page("Security", "/security"), page("What it depends on", "/project/supply")]
  },
  {
    text: "Project",
    items: [
      page("Measured, side by side", "/project/benchmarks"),
      page("Decisions", "/project/decisions/"),
      page("Working on it", "/project/contributing")
    ]
  }
]

const reference = [
  {
    text: "Reference",
    link: "/reference/",
    items: packages().map((one) => ({
      text: one.name,
      link: addressOf(one),
      ...(hasPages(one) && {
        collapsed: true,
        items: [...one.entries.keys()]
          .filter((subpath) => subpath !== ".")
          .map((subpath) => page(subpath.slice(2), entryAddress(one, subpath)))
      })
    }))
  }
]

export default defineConfig({
  title: "Keyturn",
  description: "Typed API clients that stay signed in.",
  lang: "en",
  srcDir: "pages",
  srcExclude: ["diagrams/**"],
  outDir: "out",
  cleanUrls: true,
  // What is built must not differ between two builds, and asks nobody outside.
  lastUpdated: false,
  head: [
    ["link", { rel: "icon", href: "/icon.svg", type: "image/svg+xml" }],
    ["noscript", {}, `<style>${darkWithoutScripts}</style>`]
  ],
  // The theme's front page has no main landmark.
  transformHtml: (html) => html.replace('class="VPContent is-home"', '$& role="main"'),
  markdown: { theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Start", "/start"),
      page("Guides", "/guides/share-a-session"),
      page("Reference", "/reference/"),
      page("Security", "/security")
    ],
    sidebar: { "/reference/": reference, "/": guide },
    footer: { message: "MIT licensed." }
  }
})
