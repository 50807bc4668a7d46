#include "audit/export.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace curfew::audit {
namespace {

Record termination() {
  Record record;
  record.seq = 42;
  record.time = Time{1'772'357'400'000};
  record.action = action::kSessionEnded;
  record.origin = {session::ActorKind::kOperator, "op-1", "ann", IpAddress::v4(0x7f000001), "req-9"};
  record.realm = session::RealmId(2);
  record.realm_name = "production";
  record.reason = "lost \"laptop\"";
  record.code = "revoked";
  record.session_type = session::SessionType::kRegular;
  record.session_id = "s-1";
  record.user_id = "u-1";
  record.username = "jane.doe";
  record.session_ip = IpAddress::v4(0xcb007107);
  record.session_started = Time{1'772'350'000'000};
  record.session_last_access = Time{1'772'357'000'000};
  record.user_agent = "Firefox";
  record.clients = "web\nmail";
  record.revocation = "rev-1";
  return record;
}

std::string json_of(const Record& record) {
  std::string out;
  append_json(out, record, Digest{});
  return out;
}

std::string csv_of(const Record& record) {
  std::string out;
  append_csv(out, record, Digest{});
  return out;
}

const std::string kZeroHash(64, '0');

TEST(AppendJson, ATerminationHasItsSessionAndUser) {
  EXPECT_EQ(json_of(termination()),
            R"({"seq":42,"time":"2026-03-01T09:30:00.000Z","action":"session.ended","outcome":"success",)"
            R"("actor":{"kind":"operator","id":"op-1","name":"ann"},"actorIp":"127.0.0.1","requestId":"req-9",)"
            R"("realm":"production","session":{"type":"regular","id":"s-1","ipAddress":"203.0.113.7",)"
            R"("started":"2026-03-01T07:26:40.000Z","lastAccess":"2026-03-01T09:23:20.000Z","userAgent":"Firefox",)"
            R"("clients":["web","mail"]},"user":{"id":"u-1","username":"jane.doe"},"reason":"lost \"laptop\"",)"
            R"("code":"revoked","target":null,"details":null,"revocation":"rev-1","hash":")" +
                kZeroHash + R"("})");
}

TEST(AppendJson, WhatIsEmptyIsNull) {
  Record record;
  record.seq = 1;
  record.action = action::kServerStarted;
  record.details = R"({"version":"1"})";
  EXPECT_EQ(
      json_of(record),
      R"({"seq":1,"time":"1970-01-01T00:00:00.000Z","action":"server.started","outcome":"success",)"
      R"("actor":{"kind":"system","id":"","name":""},"actorIp":null,"requestId":null,"realm":null,"session":null,)"
      R"("user":null,"reason":null,"code":null,"target":null,"details":{"version":"1"},"revocation":null,"hash":")" +
          kZeroHash + R"("})");
}

TEST(AppendJson, ASessionWithoutClientsHasAnEmptyList) {
  Record record = termination();
  record.clients = "";
  EXPECT_NE(json_of(record).find(R"("clients":[])"), std::string::npos);
}

TEST(AppendCsv, HasOneCellForEachColumn) {
  std::string header;
  append_csv_header(header);
  const std::string row = csv_of(Record{});
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(row.begin(), row.end(), ','));
  EXPECT_TRUE(header.starts_with("seq,time,action,"));
  EXPECT_TRUE(header.ends_with(",revocation,hash\r\n"));
}

TEST(AppendCsv, ATerminationIsOneRow) {
  EXPECT_EQ(
      csv_of(termination()),
      "42,2026-03-01T09:30:00.000Z,session.ended,success,operator,op-1,ann,127.0.0.1,req-9,production,regular,s-1,u-1,"
      "jane.doe,203.0.113.7,2026-03-01T07:26:40.000Z,2026-03-01T09:23:20.000Z,Firefox,web mail,"
      "\"lost \"\"laptop\"\"\",revoked,,,rev-1," +
          kZeroHash + "\r\n");
}

TEST(AppendCsv, FormulasAreLedByAnApostrophe) {
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"}) {
    Record record = termination();
    record.username = formula;
    const std::string row = csv_of(record);
    EXPECT_NE(row.find("'" + std::string(formula)), std::string::npos) << formula;
  }
  Record record = termination();
  record.username = "=a,\"b\"";
  EXPECT_NE(csv_of(record).find("\"'=a,\"\"b\"\"\""), std::string::npos);
}

TEST(AppendCsv, LineBreaksStayInTheirCell) {
  Record record = termination();
  record.reason = "one\ntwo";
  EXPECT_NE(csv_of(record).find("\"one\ntwo\""), std::string::npos);
}

TEST(ParseExportFormat, RefusesOthersNamingThese) {
  EXPECT_EQ(parse_export_format("jsonl").value(), ExportFormat::kJsonLines);
  EXPECT_EQ(parse_export_format("csv").value(), ExportFormat::kCsv);
  const auto refused = parse_export_format("xml");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "format");
  EXPECT_NE(refused.error().message.find("jsonl"), std::string::npos);
}

}  // namespace
}  // namespace curfew::audit
