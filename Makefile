# Every target is one call of tools/dev.py, which works without make as well.
.DEFAULT_GOAL := help
.PHONY: help setup run quick test slow bench messages sql screens weigh promises audit fmt clean

help setup run quick test slow bench messages sql screens weigh promises audit fmt clean:
	@python3 tools/dev.py $@
