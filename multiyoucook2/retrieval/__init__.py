"""Text-video retrieval: what flows is captions and features -> batches -> embeddings -> similarities -> loss or ranks.

- :mod:`.data`: ``batches`` (``TrainingSet``, ``Batches``), ``tokens``, ``vectors`` (computed elsewhere)
- :mod:`.model`: ``towers`` (``TextVideoModel``, ``ModelConfig``), ``encoders`` (a file a kind; ``load_encoder``),
  ``folder`` (saved models), ``c2kd_weights`` (the authors' checkpoints)
- :mod:`.objectives`: ``losses``, ``kinds`` (a file an objective), ``loss`` (of a whole batch), ``teachers``
- :mod:`.recipe`: one training run, from ``pipelines/training/*.yaml``
- :mod:`.evaluation`: ``queries`` (which captions ask), ``ranking``, ``scores``, ``signature``, ``pool``, ``results``,
  ``run`` (``evaluate_run``), ``compare``, ``table``, ``report``
- :mod:`.training`: ``run`` (``train``), ``loop``, ``step``, ``checkpoint``, ``teacher_cache``, ``sweep``
- :mod:`.search`: an index of a model's videos, and what asks it

Each may import those before it, not those behind it. Importing this package loads none of them.
"""
