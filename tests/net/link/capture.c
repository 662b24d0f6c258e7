/* Tests of net/link/capture.c: what the file holds, and that it ends when it is told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holm/ip.h>
#include <holm/pcap.h>
#include <holm/stats.h>

#include "lib/bytes.h"
#include "net/wire/eth.h"
#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, NULL };
static const struct lab_options plain = { .protos = protos };

static uint8_t file[4096];
static size_t len;

static void keep(void *ctx, const void *data, size_t n)
{
	assert_ptr_equal(ctx, file);
	assert_true(len + n <= sizeof(file));
	memcpy(file + len, data, n);
	len += n;
}

static void a_request_and_its_reply_are_two_records(void **state)
{
	struct holm_capture *c;
	uint8_t frame[200];
	struct lab lab;
	size_t n, second;

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	len = 0;
	n = lab_echo(frame, LAB_IP(2), LAB_IP(1), 56);
	assert_int_equal(holm_capture_open(lab.net, NULL, keep, file, 5000000000u, 65535, &c), 0);
	assert_int_equal(len, HOLM_PCAP_FILE_BYTES);
	assert_int_equal(load_le32(file), 0xa1b23c4du);
	lab_receive(&lab, frame, n);
	second = HOLM_PCAP_FILE_BYTES + HOLM_PCAP_RECORD_BYTES + n;
	assert_int_equal(len, second + HOLM_PCAP_RECORD_BYTES + n);
	assert_int_equal(load_le32(file + HOLM_PCAP_FILE_BYTES), 5 + lab.now / 1000000000u);
	assert_int_equal(load_le32(file + HOLM_PCAP_FILE_BYTES + 8), n);
	assert_memory_equal(file + HOLM_PCAP_FILE_BYTES + HOLM_PCAP_RECORD_BYTES, frame, n);
	assert_memory_equal(file + second + HOLM_PCAP_RECORD_BYTES, frame + 6,
			    6); /* to its sender */
	holm_capture_close(c);
	lab_receive(&lab, frame, n);
	assert_int_equal(len, second + HOLM_PCAP_RECORD_BYTES + n);
	lab_fini(&lab);
}

static void long_frames_are_cut_and_their_length_kept(void **state)
{
	struct holm_capture *c;
	uint8_t frame[200];
	struct lab lab;
	size_t n;

	(void)state;
	lab_init(&lab, &plain);
	len = 0;
	n = lab_echo(frame, LAB_IP(2), LAB_IP(9), 56); /* for somebody else: no reply */
	assert_int_equal(holm_capture_open(lab.net, &lab.dev, keep, file, 0, 20, &c), 0);
	lab_receive(&lab, frame, n);
	assert_int_equal(len, HOLM_PCAP_FILE_BYTES + HOLM_PCAP_RECORD_BYTES + 20);
	assert_int_equal(load_le32(file + HOLM_PCAP_FILE_BYTES + 8), 20);
	assert_int_equal(load_le32(file + HOLM_PCAP_FILE_BYTES + 12), n);
	holm_capture_close(c);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_its_reply_are_two_records),
		cmocka_unit_test(long_frames_are_cut_and_their_length_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
