// SPDX-License-Identifier: GPL-2.0
/* A fuzzer's target without the fuzzer: each file that is named is one input. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	uint8_t *data = malloc(INPUT_MAX);

	for (int i = 1; data && i < argc; i++) {
		FILE *in = fopen(argv[i], "r");

		if (!in)
			return 1;
		LLVMFuzzerTestOneInput(data, fread(data, 1, INPUT_MAX, in));
		fclose(in);
	}
	free(data);
	return data ? 0 : 1;
}
