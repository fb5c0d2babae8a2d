// npm install @keyturn/client @keyturn/bench; Node 22.12 or later can require ES modules.
const { contract } = require("@keyturn/bench")
const { connect } = require("@keyturn/client")

async function main() {
  const bench = await connect(contract, {
    baseUrl: process.env.BENCH_URL,
    credentials: { login: process.env.BENCH_LOGIN, password: process.env.BENCH_PASSWORD }
  })
  try {
    const { data } = await bench.GET("/rp/api/v1/Accounts")
    console.log(`${data.length} accounts, the first is ${data[0].name}`)
  } finally {
    await bench.session.signOut()
  }
}

main()
