"""Text-video retrieval: data, model, objectives and measures. The public functions, by module:

- ``data.load_captions(dataset, *, split, langs=None, accepted_only=True) -> Captions``; ``dataset_languages(dataset)``
- ``encoders.load_encoder(name, *, trainable=True, pooling=None, offline=False) -> TextEncoder`` for registry names
  (``ENCODERS``), hub ids and folders; ``tiny_encoder(texts, *, config=None)``; ``vector_encoder(name, dim)``
- ``batches.TrainingSet(captions, store, languages=None)`` with ``tokenize(encoder, max_length=...)`` or
  ``use_vectors(vectors_ND)``; ``batches.Batches(data, *, batch_size, seed, max_frames=30, shard=(0, 1))``
- ``vectors.write_vectors(folder, triples, *, name)``, ``vectors.read_vectors(store, keys)``: sentence vectors computed
  elsewhere, for ``TrainingSet.use_vectors(read_vectors(store, data.lookup_keys()))``
- ``model.TextVideoModel(config, encoder)``: ``encode_text``, ``encode_video``, ``save_pretrained``,
  ``from_pretrained``, ``push_to_hub``; ``model.ModelConfig``
- ``reference.import_reference_checkpoint(path, encoder, *, features="") -> TextVideoModel``
- ``similarity.cosine_similarity(text_QE, video_CE) -> sim_QC``
- ``losses.symmetric_info_nce(sim_BB, *, temperature)``, ``losses.distillation_loss(student_BB, teacher_BB, *,
  temperature)``, ``losses.teachtext_loss(student_BB, teacher_BB)``
- ``teachers.reduce_similarities(sims_KBB, *, reduce)``, ``LearnedTeacherWeights``, ``TeacherEmbeddings``
- ``metrics.retrieval_score(sim_QC, *, relevant=None, pool=None, labels=None) -> RetrievalScore``;
  ``metrics.score_ranks(ranks_Q, *, pool, labels=None)``
- ``ranking.rank_embeddings(query_QE, candidate_CE, answers)``, chunked; ``ranking.rank_both_ways(text_QE, text_row_P,
  video_CE, video_row_P, *, captions_P=None) -> (t2v_P, v2t_P)``

Importing this package loads none of them.
"""
